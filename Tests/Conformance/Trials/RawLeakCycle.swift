import Foundation
import PersistencyCore

/// A backend opened, written, visited to the end and not to the end, and closed from outside or from within.
struct RawLeakCycle: LeakCycle {
  let order: TrialOrder
  let engine: Engine

  private struct Enough: Error {}

  func run(_ number: Int) async throws {
    var random = SeededGenerator(seed: order.run &+ UInt64(number))
    let path = order.directory + "/store" + engine.fileSuffix
    let levels = Durability.allCases.filter(engine.capabilities.durability.contains)
    let store = try engine.open(path, StoreOptions(durability: levels[Int(random.next() % UInt64(levels.count))]))
    let keys = (0..<20).map { Key(Int64($0), random.next() % 7) }
    try store.applyOps(keys.map { .put(category: "c", key: $0, payload: random.bytes(50)) })
    _ = store.applyGroup([[.delete(category: "c", key: keys[3])], [.delete(category: "c", key: keys[4])]], sync: false)
    try await expect(.conflict, "a failing expectation") {
      try store.applyOps([
        .put(category: "c", key: Key(), payload: []), .expect(category: "d", key: Key(), payload: []),
      ])
    }
    try await expect(.invalidArgument, "a key over the limit") {
      _ = try store.getOne(category: "c", key: Key(rawBytes: [UInt8](repeating: 0, count: store.limits.keyBytes + 1)))
    }
    try breakOff(store)
    if engine.capabilities.persistent { try await failToOpen(path) }
    if random.next() % 3 == 0 { try closeInside(store) }
    store.close()
  }

  private func breakOff(_ store: any KvBackend) throws {
    var seen = 0
    try store.visit(category: "c") { _, _ in
      seen += 1
      return seen == 3 ? .stop : .next
    }
    do {
      try store.visit(category: "c", reverse: true) { _, _ in throw Enough() }
    } catch is Enough {}
    try store.visitEverything { _, _, _ in .stop }
    try store.visit(category: "c") { _, _ in
      // A visit in a visit, that is broken off too.
      try store.visit(category: "c") { _, _ in .stop }
      return .stop
    }
    _ = try store.scanRange(category: "c", range: .all, limit: 2)
  }

  private func failToOpen(_ path: String) async throws {
    try await expect(.locked, "a second opening") { _ = try engine.open(path) }
    try await expect(.corrupted, "the opening of what is not there") {
      _ = try engine.open(path + "-missing" + engine.fileSuffix, StoreOptions(mustExist: true))
    }
    // On another machine there is no file of other bytes.
    if engine.capabilities.remote { return }
    let foreign = order.directory + "/foreign" + engine.fileSuffix
    if !FileManager.default.fileExists(atPath: foreign) {
      _ = FileManager.default.createFile(atPath: foreign, contents: Data("no store of anybody's, but long enough".utf8))
    }
    do {
      try engine.open(foreign).close()
      throw TrialFailure("a file of other bytes was opened as a store")
    } catch let error as PersistencyError
      where [.corrupted, .invalidArgument, .unsupported, .backend].contains(error.kind)
    {}
  }

  private func closeInside(_ store: any KvBackend) throws {
    do {
      try store.visit(category: "c") { _, _ in
        store.close()
        return .next
      }
    } catch let error as PersistencyError where error.kind == .closed {}
  }
}
