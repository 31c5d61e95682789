import Foundation
import PersistencyCore
import TestSupport
import Testing

/// An ordered pair of engines.
struct EnginePair: Sendable, CustomTestStringConvertible {
  let from: Engine
  let to: Engine

  var testDescription: String { "\(from.name) to \(to.name)" }

  static func all(_ engines: [Engine]) -> [EnginePair] {
    engines.flatMap { from in engines.map { EnginePair(from: from, to: $0) } }
  }

  static let stored = all(Engine.stored)
  static let different = stored.filter { $0.from.name != $0.to.name }
}

extension EnginePair {
  /// Every engine, and the one that is moved to among them, spied upon.
  func spied(_ state: SpyBackend.SharedState) -> (engines: [Engine], to: Engine) {
    let spied = to.spied(state)
    return (Engine.every.map { $0.name == to.name ? spied : $0 }, spied)
  }
}

extension Persistency {
  /// Makes job `id` of rows that are hard to carry, several chunks of them, and leaves it open.
  @discardableResult
  func makeHostileJob(_ id: String, on engine: Engine, rows: Int = 1_500) async throws -> Job {
    let job = try await openJob(id, engine: engine)
    var ops: [TxOp] = []
    for category in ["", "a", "a\u{0}", "é", "e\u{301}", String(repeating: "z", count: 255)] {
      ops.append(.put(category: category, key: Key(), payload: []))
      ops.append(.put(category: category, key: Key(rawBytes: [0xFF]), payload: [0]))
      ops.append(.put(category: category, key: Key(rawBytes: [0, 0]), payload: Array("null".utf8)))
    }
    let long = [UInt8](repeating: 7, count: 65_535)
    ops.append(.put(category: "long", key: Key(rawBytes: long), payload: [1]))
    ops.append(.put(category: "long", key: Key(rawBytes: long.dropLast()), payload: [2]))
    ops.append(.put(category: "large", key: Key("one"), payload: [UInt8](repeating: 3, count: 1 << 20)))
    for number in 0..<rows {
      let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 400)
      ops.append(.put(category: "many", key: Key("row", Int64(number)), payload: payload))
    }
    try await job.apply(ops)
    return job
  }
}

/// The names in a root, without locks, which stay, and what SQLite keeps beside an open file.
func names(in root: String) throws -> [String] {
  guard FileManager.default.fileExists(atPath: root) else { return [] }
  return try FileManager.default.contentsOfDirectory(atPath: root).sorted().filter { name in
    !name.hasSuffix(".lock") && !name.hasSuffix("-wal") && !name.hasSuffix("-shm")
  }
}
