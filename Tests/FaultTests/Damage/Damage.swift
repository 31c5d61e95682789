import Foundation
import PersistencyCore
import Testing

/// What misfortune, a clumsy hand or another program has done to the files of a closed job.
struct Damage: Sendable, CustomTestStringConvertible {
  enum Ending: Hashable, Sendable {
    case refused(PersistencyError.Kind)
    /// Opens with every row, and the engine finds nothing wrong.
    case opens
  }

  let engine: String
  let name: String
  /// Of an opening through ``Persistency``.
  let job: Ending
  /// Of an opening of the engine alone.
  let raw: Ending
  let harm: @Sendable (StoredPlace) throws -> Void

  var testDescription: String { "\(engine): \(name)" }

  /// - Parameter raw: As `job` when nil.
  init(
    _ engine: String, _ name: String, _ job: Ending = .refused(.corrupted), raw: Ending? = nil,
    harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) {
    self.engine = engine
    self.name = name
    self.job = job
    self.raw = raw ?? job
    self.harm = harm
  }

  static let all = sqlite + lmdb + rocks + foreign
}

// MARK: SQLite

extension Damage {
  private static let sqlite: [Damage] = [
    sqlite("its head is garbage") { try $0.overwrite($0.store, with: noise(100)) },
    sqlite("its page size is none") { try $0.overwrite($0.store, at: 16, with: [0x12, 0x34]) },
    sqlite("it is all zeros") { try $0.overwrite($0.store, with: zeros(try $0.size($0.store))) },
    sqlite("it is all noise") { try $0.overwrite($0.store, with: noise(try $0.size($0.store))) },
    sqlite("it is empty") { try $0.cut($0.store, to: 0) },
    sqlite("it is gone") { try $0.remove($0.store) },
    sqlite("it is cut to half") { try $0.cut($0.store, to: try $0.size($0.store) / 8_192 * 4_096) },
    sqlite("it is cut within a page") { try $0.cut($0.store, to: try $0.size($0.store) - 1) },
    sqlite("it is cut to 100 bytes") { try $0.cut($0.store, to: 100) },
    sqlite("its last page is gone") { try $0.cut($0.store, to: try $0.size($0.store) - 4_096) },
    sqlite("its schema is garbage") { try $0.overwrite($0.store, at: 100, with: noise(3_900)) },
    sqlite("it has another table") { try shell($0.store, "CREATE TABLE more (x)") },
    sqlite("its table has another shape") {
      try shell($0.store, "DROP TABLE kv; CREATE TABLE kv (category TEXT, key BLOB, payload BLOB)")
    },
    sqlite("it has another program's application id") { try shell($0.store, "PRAGMA application_id = 7") },
    sqlite("it is of a newer version", .refused(.unsupported)) { try shell($0.store, "PRAGMA user_version = 2") },
    sqlite("garbage lies in the place of its log", .opens) { try $0.write($0.store + "-wal", noise(50_000)) },
    sqlite("garbage lies in the place of its log's index", .opens) { try $0.write($0.store + "-shm", noise(32_768)) },
    sqlite("garbage lies in the place of a journal", .opens) { try $0.write($0.store + "-journal", noise(5_000)) },
    sqlite("it was turned to a rollback journal", .opens) { try shell($0.store, "PRAGMA journal_mode = DELETE") },
  ]

  private static func sqlite(
    _ name: String, _ job: Ending = .refused(.corrupted), harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) -> Damage { Damage("sqlite", name, job, harm: harm) }

  private static func shell(_ path: String, _ sql: String) throws {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    shell.arguments = ["sqlite3", "-batch", "-bail", path, sql]
    shell.standardOutput = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    try #require(shell.terminationStatus == 0, "sqlite3 failed on \(sql)")
  }

  static func noise(_ count: Int) -> [UInt8] {
    var noise = SystemNoise(seed: 0xDA3A6E)
    return noise.bytes(count)
  }

  static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
