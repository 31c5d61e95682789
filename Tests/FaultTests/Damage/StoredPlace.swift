import Foundation
import PersistencyCore
import TestSupport
import Testing

/// A root with one closed job to damage, `job`, and one on the same engine that must not notice, `other`.
struct StoredPlace: Sendable {
  let root: String
  let engine: Engine

  var store: String { root + "/job" + engine.fileSuffix }
  var manifest: String { root + "/job.job" }

  /// Makes it, in a root of its own, for as long as `body` runs.
  static func with<R>(_ engine: Engine, _ body: (StoredPlace) async throws -> R) async throws -> R {
    try await withRoot { root in
      let place = StoredPlace(root: root, engine: engine)
      for id in ["job", "other"] {
        // In two openings, so that RocksDB has two tables.
        for half in 0..<2 {
          let jobs = try place.jobs()
          let job = try await jobs.openJob(id, engine: engine)
          try await job.apply(Self.rows(half).map { .put(category: "c", key: $0.key, payload: $0.payload) })
          try await jobs.close()
        }
      }
      return try await body(place)
    }
  }

  func jobs(_ engines: [Engine] = Engine.every) throws -> Persistency {
    try Persistency(rootDirectory: root, engines: engines)
  }

  // MARK: Rows

  static let rows = (rows(0) + rows(1)).sorted { $0.key < $1.key }

  /// Small ones, so that SQLite and LMDB keep all of them in their trees; two with keys longer than LMDB's own.
  private static func rows(_ half: Int) -> [KvRow] {
    var random = SystemNoise(seed: UInt64(half))
    var rows = (0..<200).map { KvRow(key: Key("row", Int64($0 * 2 + half)), payload: random.bytes(400)) }
    rows.append(KvRow(key: Key(rawBytes: [UInt8](repeating: 0x7A, count: 1_000 + half)), payload: [1]))
    return rows
  }

  // MARK: Harm

  /// Writes bytes into a file at an offset, not making it longer than they reach.
  func overwrite(_ path: String, at offset: Int = 0, with bytes: [UInt8]) throws {
    let file = try #require(FileHandle(forUpdatingAtPath: path), "\(path)")
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  func cut(_ path: String, to size: Int) throws { try #require(truncate(path, off_t(size)) == 0, "\(path)") }

  func size(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
  }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

  func write(_ path: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  /// The first file of RocksDB's folder, by its name, that ends or begins so.
  func file(_ suffix: String = "", prefix: String = "") throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: store).sorted()
    return store + "/" + (try #require(names.first { $0.hasSuffix(suffix) && $0.hasPrefix(prefix) }))
  }

  /// Changes fields of the manifest.
  func changeManifest(_ change: (inout [String: Any]) -> Void) throws {
    let url = URL(fileURLWithPath: manifest)
    var fields = try #require(try JSONSerialization.jsonObject(with: try Data(contentsOf: url)) as? [String: Any])
    change(&fields)
    try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]).write(to: url)
  }

  // MARK: Looking

  /// What must be the same after a refusal: everything but who holds a lock, and what the engine says of itself in a log.
  func snapshot() throws -> FolderSnapshot {
    try FolderSnapshot(root) { path in
      path.hasSuffix(".lock") || path.hasSuffix("lock.mdb") || path.hasSuffix(".rocks/LOG")
    }
  }
}

/// SplitMix64: noise that a seed brings back.
struct SystemNoise: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
