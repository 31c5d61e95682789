import Foundation
import Synchronization
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: a system call of a commit fails", .serialized)
struct LMDBFaultTests {
  enum Fault: String, CaseIterable, Sendable {
    case writeEIO = "pwrite64,pwritev EIO"
    case writeENOSPC = "pwrite64,pwritev ENOSPC"
    case writeEDQUOT = "pwrite64,pwritev EDQUOT"
    case syncEIO = "fdatasync EIO"

    var calls: String { String(rawValue.prefix { $0 != " " }) }
    var error: String { String(rawValue.drop { $0 != " " }.dropFirst()) }
    var isOfSpace: Bool { error != "EIO" }
  }

  @Test(
    "Whichever call fails, reads go on in the same process, in visits too, and each batch is whole or not there",
    .enabled(if: Strace.isPossible, "needs strace, and the right to trace"), arguments: Fault.allCases,
    [Durability.full, .consistent])
  func failingCommit(_ fault: Fault, _ durability: Durability) async throws {
    await #expect(processExitsWith: .success) {
      [fault = fault.rawValue as String, level = durability.rawValue as String] in
      let fault = try #require(Fault(rawValue: fault))
      let durability = try #require(Durability(rawValue: level))
      for insideVisit in [false, true] {
        var fired = 0
        for number in 1...100 {
          let run = FailingRun(fault, durability, number, insideVisit)
          if try !run() { break }
          fired += 1
        }
        // Data pages and meta page; or the one sync.
        #expect(fired >= (fault == .syncEIO ? 1 : 2))
        #expect(fired < 100)
      }
    }
  }

  @Test(
    "Where a descriptor is missing to read on after a failed commit, reads say so, and go on once there is one",
    .enabled(if: Strace.isPossible, "needs strace, and the right to trace"))
  func noDescriptorToReadOn() async throws {
    await #expect(processExitsWith: .success) {
      // The last write of a commit is that of the meta page.
      var found: LMDBBackend?
      let stores = try (1...20).map { _ in try LMDBStore() }
      // Their folders go with them, as early as an optimising compiler likes.
      defer { withExtendedLifetime(stores) {} }
      for (index, store) in stores.enumerated() where found == nil {
        let backend = try store.open(.init(durability: .full))
        try backend.applyOps(FailingRun.batch(0))
        let strace = try Strace("pwrite64,pwritev:error=EIO:when=\(index + 1)", on: store.data)
        #expect(throws: PersistencyError.self) { try backend.applyOps(FailingRun.batch(1)) }
        #expect(try strace.end() == 1)
        if backend.environment.hasGivenUp { found = backend } else { backend.close() }
      }
      let backend = try #require(found)
      defer { backend.close() }

      let usual = try #require(limitDescriptors(4))
      let error = #expect(throws: PersistencyError.self) { try backend.getOne(category: "c", key: Key(0, 0)) }
      #expect(error?.backendCode == Int(EMFILE) && error?.message.contains("ulimit -n") == true)
      _ = limitDescriptors(usual)
      #expect(try backend.getOne(category: "c", key: Key(0, 0)) == bytes(0, 3_000))
      #expect(try backend.findings() == [])
    }
  }
}

/// - Returns: What the limit was.
private func limitDescriptors(_ count: rlim_t) -> rlim_t? {
  #if os(Linux)
    let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
  #else
    let resource = RLIMIT_NOFILE
  #endif
  var limit = rlimit()
  guard getrlimit(resource, &limit) == 0 else { return nil }
  let before = limit.rlim_cur
  limit.rlim_cur = count
  return setrlimit(resource, &limit) == 0 ? before : nil
}

/// One store whose n-th system call of a kind fails, once.
private struct FailingRun {
  let fault: LMDBFaultTests.Fault
  let durability: Durability
  let number: Int
  let insideVisit: Bool

  init(_ fault: LMDBFaultTests.Fault, _ durability: Durability, _ number: Int, _ insideVisit: Bool) {
    self.fault = fault
    self.durability = durability
    self.number = number
    self.insideVisit = insideVisit
  }

  static func batch(_ number: Int) -> [TxOp] {
    (0..<3).map { .put(category: "c", key: Key(number, $0), payload: bytes(UInt8(number), 3_000)) }
  }

  /// - Returns: Whether the fault came about.
  func callAsFunction() throws -> Bool {
    let store = try LMDBStore()
    let backend = try store.open(.init(durability: durability))
    defer { backend.close() }
    for number in 0..<4 { try backend.applyOps(Self.batch(number)) }

    let done = Atomic<Bool>(false)
    let readErrors = Locked<[String]>([])
    let readers = DispatchGroup()
    for _ in 0..<2 {
      readers.enter()
      Thread {
        while !done.load(ordering: .relaxed) {
          do {
            #expect(try backend.getOne(category: "c", key: Key(0, 2)) == bytes(0, 3_000))
            #expect(try backend.countRange(category: "c", range: KeyRange(prefix: Key(1))) == 3)
          } catch {
            readErrors.withLock { $0.append("\(error)") }
          }
          usleep(500)
        }
        readers.leave()
      }.start()
    }
    let strace = try Strace("\(fault.calls):error=\(fault.error):when=\(number)", on: store.data)
    var failed: (batch: Int, error: PersistencyError)?
    if insideVisit {
      var rows = 0
      try backend.visit(category: "c") { _, payload in
        if rows == 1 { failed = try write(backend) }
        #expect([UInt8](copying: payload) == bytes(UInt8(rows / 3), 3_000))
        rows += 1
        return .next
      }
      #expect(rows == 12)
    } else {
      failed = try write(backend)
    }
    let hits = try strace.end()
    if let failed { try afterwards(backend, failed) }
    done.store(true, ordering: .relaxed)
    readers.wait()
    #expect(readErrors.withLock { $0 } == [])
    #expect(hits == (failed == nil ? 0 : 1))

    backend.close()
    let again = try store.open(.init(mustExist: true))
    defer { again.close() }
    #expect(try again.findings() == [])
    for number in 0..<9 {
      let count = try again.countRange(category: "c", range: KeyRange(prefix: Key(number)))
      let expected = number < (failed?.batch ?? 9) ? [3] : number == failed?.batch ? [0, 3] : [0]
      #expect(expected.contains(count), "batch \(number), failed \(String(describing: failed))")
    }
    return failed != nil
  }

  /// Commits until one fails; what was committed is there.
  private func write(_ backend: LMDBBackend) throws -> (batch: Int, error: PersistencyError)? {
    for number in 4..<9 {
      do throws(PersistencyError) {
        try backend.applyOps(Self.batch(number))
      } catch {
        try reads(backend, through: number - 1)
        return (number, error)
      }
    }
    return nil
  }

  private func reads(_ backend: LMDBBackend, through last: Int) throws {
    for number in 0...last {
      #expect(try backend.getOne(category: "c", key: Key(number, 1)) == bytes(UInt8(number), 3_000))
    }
    var rows = 0
    try backend.visit(category: "c", range: KeyRange(start: Key(), stop: Key(last + 1))) { key, _ in
      rows += try backend.existsOne(category: "c", key: raw([UInt8](copying: key))) ? 1 : 0
      return .next
    }
    #expect(rows == (last + 1) * 3)
    #expect(try backend.scanRange(category: "c", range: .all, reverse: true).count >= rows)
  }

  private func afterwards(_ backend: LMDBBackend, _ failed: (batch: Int, error: PersistencyError)) throws {
    try reads(backend, through: failed.batch - 1)
    let put = TxOp.put(category: "d", key: Key(1), payload: [1])
    if fault.isOfSpace {
      #expect(failed.error.kind == .storageFull && failed.error.outcome == .notApplied, "\(failed.error)")
      #expect(try backend.countRange(category: "c", range: KeyRange(prefix: Key(failed.batch))) == 0)
      // With room again, which there has been all the time but for one call.
      try backend.applyOps([put])
      #expect(try backend.deleteOne(category: "d", key: Key(1)))
      try reads(backend, through: failed.batch - 1)
    } else {
      #expect(failed.error.kind == .backend && failed.error.outcome == .unknown, "\(failed.error)")
      for _ in 0..<2 {
        let error = #expect(throws: PersistencyError.self) { try backend.applyOps([put]) }
        #expect(error?.kind == .backend && error?.outcome == .notApplied)
        let outcome = backend.applyGroup([[put], [put]], sync: true)
        #expect(outcome.allSatisfy { (try? $0.get()) == nil })
        try reads(backend, through: failed.batch - 1)
      }
    }
    #expect(try backend.findings() == [])
  }
}
