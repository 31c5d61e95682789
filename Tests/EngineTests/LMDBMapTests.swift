import Foundation
import Synchronization
import Testing

@testable import PersistencyLMDB

@Suite("LMDB: the map grows by itself")
struct LMDBMapTests {
  static let small = 1 << 20

  @Test("Writers grow the map from 1 MiB while readers get, scan and visit")
  func growsUnderReaders() throws {
    let store = try LMDBStore()
    let backend = try store.open(.init(durability: .volatile), map: Self.small)
    defer { backend.close() }
    try backend.applyOps([.put(category: "base", key: Key(0), payload: bytes(7, 1_000))])
    let failures = Locked<[String]>([])
    let reads = Atomic<Int>(0)
    let done = Atomic<Bool>(false)
    let writersLeft = Atomic<Int>(2)
    @Sendable func attempt(_ body: () throws -> Void) {
      do { try body() } catch { failures.withLock { $0.append("\(error)") } }
    }
    inThreads(6) { worker in
      if worker < 2 {
        for step in 0..<100 {
          attempt {
            try backend.applyOps(
              (0..<20).map { .put(category: "w\(worker)", key: Key(step, $0), payload: bytes(UInt8(step), 10_000)) })
          }
        }
        if writersLeft.subtract(1, ordering: .relaxed).newValue == 0 { done.store(true, ordering: .relaxed) }
        return
      }
      while !done.load(ordering: .relaxed) {
        attempt {
          switch worker {
          case 2: #expect(try backend.getOne(category: "base", key: Key(0)) == bytes(7, 1_000))
          case 3: _ = try backend.scanRange(category: "w0", range: .all, reverse: true, limit: 50)
          case 4: _ = try backend.countRange(category: "w1", range: .all)
          default:
            var last: UInt8 = 0
            try backend.visit(category: "w0") { _, payload in
              last = max(last, payload.unsafeLoad(fromByteOffset: 9_999, as: UInt8.self))
              return .next
            }
          }
          reads.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(reads.load(ordering: .relaxed) > 0)
    #expect(try backend.countRange(category: "w0", range: .all) == 2_000)
    #expect(try backend.countRange(category: "w1", range: .all) == 2_000)
    #expect(try backend.findings() == [])
  }

  @Test("A write inside a visit that needs growth throws storageFull, and the map has grown when the visit ends")
  func growthInsideVisit() throws {
    let store = try LMDBStore()
    let backend = try store.open(map: Self.small)
    defer { backend.close() }
    try backend.applyOps([.put(category: "c", key: Key(1), payload: bytes(1, 100))])
    let large = TxOp.put(category: "c", key: Key(2), payload: bytes(2, 1 << 20))
    var seen: [UInt8] = []
    try backend.visit(category: "c") { _, payload in
      let error = #expect(throws: PersistencyError.self) { try backend.applyOps([large]) }
      #expect(error?.kind == .storageFull && error?.isRetryable == true)
      // A small one fits, a read nests, and what was lent is still there.
      try backend.applyOps([.put(category: "c", key: Key(3), payload: [3])])
      #expect(try backend.getOne(category: "c", key: Key(3)) == [3])
      let group = backend.applyGroup([[large], [.put(category: "c", key: Key(4), payload: [4])]], sync: false)
      #expect((try? group[0].get()) == nil)
      #expect((try? group[1].get()) != nil, "a batch that fits is not spoilt by one that does not")
      seen = [UInt8](copying: payload)
      return .next
    }
    #expect(seen == bytes(1, 100))
    // Within another visit, so that only the growth at the end of the first can have made room.
    try backend.visit(category: "c", range: KeyRange(prefix: Key(1))) { _, _ in
      try backend.applyOps([large])
      return .next
    }
    #expect(try backend.getOne(category: "c", key: Key(2)) == bytes(2, 1 << 20))
  }

  @Test("A writer that needs growth does not wait for a visit that waits for it")
  func growthAgainstWaitingVisit() throws {
    let store = try LMDBStore()
    let backend = try store.open(map: Self.small, growthWait: .seconds(60))
    defer { backend.close() }
    try backend.applyOps([.put(category: "c", key: Key(1), payload: [1])])
    let inside = DispatchSemaphore(value: 0)
    let writer = Locked<PersistencyError?>(nil)
    let finished = DispatchSemaphore(value: 0)
    let thread = Thread {
      inside.wait()
      do throws(PersistencyError) {
        try backend.applyOps([.put(category: "c", key: Key(2), payload: bytes(2, 1 << 20))])
      } catch {
        writer.withLock { $0 = error }
      }
      finished.signal()
    }
    thread.start()
    let begin = ContinuousClock().now
    try backend.visit(category: "c") { _, _ in
      inside.signal()
      usleep(200_000)
      try backend.applyOps([.put(category: "c", key: Key(3), payload: [3])])
      return .stop
    }
    finished.wait()
    #expect(begin.duration(to: ContinuousClock().now) < .seconds(20))
    let error = writer.withLock { $0 }
    #expect(error?.kind == .storageFull && error?.isRetryable == true)
    try backend.applyOps([.put(category: "c", key: Key(2), payload: bytes(2, 1 << 20))])
    #expect(try backend.countRange(category: "c", range: .all) == 3)
  }

  @Test("A visit that does not end makes a growing writer give up after its patience, not hang")
  func patience() throws {
    let store = try LMDBStore()
    let backend = try store.open(map: Self.small, growthWait: .milliseconds(300))
    defer { backend.close() }
    try backend.applyOps([.put(category: "c", key: Key(1), payload: [1])])
    try backend.visit(category: "c") { _, _ in
      let done = DispatchSemaphore(value: 0)
      let kind = Locked<PersistencyError.Kind?>(nil)
      Thread {
        do throws(PersistencyError) {
          try backend.applyOps([.put(category: "c", key: Key(2), payload: bytes(2, 1 << 20))])
        } catch {
          kind.withLock { $0 = error.kind }
        }
        done.signal()
      }.start()
      #expect(done.wait(timeout: .now() + 30) == .success)
      #expect(kind.withLock { $0 } == .storageFull)
      return .next
    }
    try backend.applyOps([.put(category: "c", key: Key(2), payload: bytes(2, 1 << 20))])
  }

  @Test("One batch of many times the map fits, and what was written is there after reopening with a small map")
  func largeBatch() throws {
    let store = try LMDBStore()
    let first = try store.open(map: 1 << 16)
    try first.applyOps((0..<300).map { .put(category: "c", key: Key($0), payload: bytes(UInt8($0 % 251), 100_000)) })
    first.close()
    let second = try store.open(.init(mustExist: true), map: 1 << 16)
    defer { second.close() }
    #expect(try second.countRange(category: "c", range: .all) == 300)
    try second.applyOps([.put(category: "c", key: Key(300), payload: bytes(1, 50_000_000))])
    #expect(try second.getOne(category: "c", key: Key(300))?.count == 50_000_000)
  }
}
