import Foundation
import PersistencyCore
import Synchronization
import Testing

@Suite("The call gate")
struct CallGateTests {
  final class Counter: Sendable {
    let value = Atomic<Int>(0)
    func increment() { value.add(1, ordering: .sequentiallyConsistent) }
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
  }

  /// Runs `body` in so many threads of its own, and waits for all.
  static func threads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
      group.enter()
      Thread.detachNewThread {
        body(number)
        group.leave()
      }
    }
    group.wait()
  }

  @Test("close refuses what comes after, frees once, and may be called again")
  func close() throws {
    let freed = Counter()
    let gate = CallGate { freed.increment() }
    try gate.enter()
    gate.leave()
    #expect(!gate.isClosed && freed.count == 0)
    gate.close()
    gate.close()
    #expect(gate.isClosed && freed.count == 1)
    for attempt in [{ try gate.enter() }, { try gate.enterVisit() }, { try gate.checkOpen() }] {
      let error = #expect(throws: PersistencyError.self) { try attempt() }
      #expect(error?.kind == .closed)
    }
    #expect(freed.count == 1)
  }

  @Test("close waits for the call of another thread")
  func waits() throws {
    let freed = Counter()
    let left = Counter()
    let gate = CallGate { freed.increment() }
    let inside = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      guard (try? gate.enter()) != nil else { return }
      inside.signal()
      Thread.sleep(forTimeInterval: 0.1)
      #expect(freed.count == 0)
      left.increment()
      gate.leave()
    }
    inside.wait()
    gate.close()
    #expect(left.count == 1)
    #expect(freed.count == 1)
  }

  @Test("close inside a visit returns; the visit ends at its next row, and the last call out frees")
  func insideVisit() throws {
    let freed = Counter()
    let gate = CallGate { freed.increment() }
    try gate.enterVisit()
    try gate.enterVisit()
    #expect(gate.isVisiting)
    gate.close()
    #expect(freed.count == 0)
    let error = #expect(throws: PersistencyError.self) { try gate.checkOpen() }
    #expect(error?.kind == .closed)
    gate.leaveVisit()
    #expect(gate.isVisiting && freed.count == 0)
    gate.leaveVisit()
    #expect(!gate.isVisiting && freed.count == 1)
  }

  @Test("calls and closes from eight threads: nobody is inside when it is freed, once", arguments: 0..<20)
  func concurrently(round: Int) {
    let freed = Counter()
    let inside = Counter()
    let freedWithCallers = Counter()
    let entered = Counter()
    let gate = CallGate {
      if inside.count != 0 { freedWithCallers.increment() }
      freed.increment()
    }
    Self.threads(8) { number in
      for turn in 0..<2_000 {
        if turn == 1_000 + round * 10, number < 3 { gate.close() }
        let visits = (turn + number) % 3 == 0
        guard (try? visits ? gate.enterVisit() : gate.enter()) != nil else { continue }
        inside.increment()
        entered.increment()
        if freed.count != 0 { freedWithCallers.increment() }
        inside.value.subtract(1, ordering: .sequentiallyConsistent)
        if visits { gate.leaveVisit() } else { gate.leave() }
      }
    }
    #expect(freed.count == 1)
    #expect(freedWithCallers.count == 0)
    #expect(entered.count > 0)
  }
}

@Suite("The store registry")
struct StoreRegistryTests {
  @Test("a store is claimed once, by whatever path, until it is released")
  func claims() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, link) = (folder.appendingPathComponent("a").path, folder.appendingPathComponent("b").path)
    #expect(FileManager.default.createFile(atPath: file, contents: nil))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    let claim = try StoreRegistry.claim(file)
    for path in [file, link] {
      let error = #expect(throws: PersistencyError.self) { try StoreRegistry.claim(path) }
      #expect(error?.kind == .locked)
    }
    let other = try StoreRegistry.claim(folder.path)
    StoreRegistry.release(claim)
    let again = try StoreRegistry.claim(link)
    StoreRegistry.release(again)
    StoreRegistry.release(other)
    let missing = #expect(throws: PersistencyError.self) { try StoreRegistry.claim(file + "-missing") }
    #expect(missing?.kind == .backend)
    #expect(missing?.backendCode == 2)
  }
}

@Suite("Limits")
struct LimitTests {
  let limits = BackendLimits(categoryBytes: 4, keyBytes: 8, payloadBytes: 16, batchBytes: 40)

  func kind(_ body: () throws -> Void) -> PersistencyError.Kind? {
    do { try body() } catch { return (error as? PersistencyError)?.kind }
    return nil
  }

  @Test("each limit holds exactly: at it passes, one over is refused with limit and size")
  func exact() throws {
    let (key, longKey) = (
      Key(rawBytes: [UInt8](repeating: 1, count: 8)), Key(rawBytes: [UInt8](repeating: 1, count: 9))
    )
    let (payload, longPayload) = ([UInt8](repeating: 2, count: 16), [UInt8](repeating: 2, count: 17))
    #expect(kind { try limits.check(category: "éé", key: key) } == nil)
    #expect(kind { try limits.check(category: "éée") } == .invalidArgument)
    #expect(kind { try limits.check(category: "", key: longKey) } == .invalidArgument)
    #expect(kind { try limits.check(category: "", range: KeyRange(start: key, stop: key)) } == nil)
    #expect(kind { try limits.check(category: "", range: KeyRange(start: longKey, stop: nil)) } == .invalidArgument)
    #expect(kind { try limits.check(category: "", range: KeyRange(start: key, stop: longKey)) } == .invalidArgument)
    #expect(kind { try limits.check(category: "", range: .all, limit: 0) } == nil)
    #expect(kind { try limits.check(category: "", range: .all, limit: -1) } == .invalidArgument)
    for payload in [payload, longPayload] {
      let wanted: PersistencyError.Kind? = payload.count > 16 ? .invalidArgument : nil
      #expect(kind { try limits.check([.put(category: "", key: key, payload: payload)]) } == wanted)
      #expect(kind { try limits.check([.expect(category: "", key: key, payload: payload)]) } == wanted)
    }
    // Categories, keys, bounds and payloads count: 4 + 8 + 8, then 4 + 8 + 8 more, then one byte.
    let half: [TxOp] = [.deleteRange(category: "abcd", range: KeyRange(start: key, stop: key))]
    #expect(try limits.check(half) == 20)
    #expect(try limits.check(half + half) == 40)
    let error = #expect(throws: PersistencyError.self) {
      try limits.check(half + half + [.delete(category: "a", key: Key())])
    }
    #expect(error?.kind == .invalidArgument)
    #expect(error?.message.contains("41") == true && error?.message.contains("40") == true)
    #expect(try limits.check([]) == 0)
  }

  @Test("embedded engines take 255 B, 65,535 B, 512 MiB and 1 GiB")
  func embedded() {
    let limits = BackendLimits.embedded
    #expect(limits.categoryBytes == 255 && limits.keyBytes == 65_535)
    #expect(limits.payloadBytes == 536_870_912 && limits.batchBytes == 1_073_741_824)
  }
}
