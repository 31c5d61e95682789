import Foundation
import PersistencyPostgres
import TestSupport

/// A PostgreSQL server of a test's own, on a socket in a temporary folder; gone with the value.
final class ThrowawayServer: Sendable {
  let folder: String
  private let port: Int?

  /// One for all tests that leave it as it is, for the life of this process.
  static let shared: ThrowawayServer? = {
    guard let server = ThrowawayServer("fsync=off") else { return nil }
    forThisProcess.withLock { $0 = server.folder }
    atexit { if let folder = forThisProcess.withLock({ $0 }) { _ = script("stop", folder) } }
    return server
  }()
  private static let forThisProcess = Locked<String?>(nil)

  /// Whether a server can be had here; without one these tests are skipped, and say so.
  static var isPossible: Bool { shared != nil }

  /// Nil where PostgreSQL is not installed.
  init?(_ settings: String...) {
    port = settings.compactMap { $0.hasPrefix("port=") ? Int($0.dropFirst(5)) : nil }.first
    guard let folder = Self.script(["start"] + settings), !folder.isEmpty else { return nil }
    self.folder = folder
  }

  private init(folder: String) {
    self.folder = folder
    port = nil
  }

  deinit { _ = Self.script("stop", folder) }

  // MARK: Reaching it

  var connection: String { "host=\(folder) user=kv dbname=postgres" + (port.map { " port=\($0)" } ?? "") }

  /// Jobs of one root are apart from those of another, so that tests are.
  func engine(
    _ name: String = "postgres", connection: String? = nil, _ change: (inout PostgresOptions) -> Void = { _ in }
  ) throws -> Engine {
    var options = PostgresOptions(isolatesRoots: true)
    change(&options)
    return try .postgres(connection: connection ?? self.connection, name: name, options: options)
  }

  /// What a command of SQL prints, unadorned.
  @discardableResult
  func sql(_ command: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", connection, "-c", command]
    let (output, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let said = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw PersistencyError(.backend, "psql: \(String(decoding: said, as: UTF8.self))")
    }
    return String(decoding: printed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Ends every session but the one that does it.
  func cutSessions() throws {
    try sql(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid<>pg_backend_pid() AND backend_type='client backend'"
    )
  }

  // MARK: Its life

  /// Kills all its processes with -9.
  func kill() { _ = Self.script("kill", folder) }

  /// Starts it again after that.
  func startAgain() -> Bool { Self.script("again", folder) != nil }

  /// Another server with what this one has, as a backup or an old primary.
  ///
  /// Both run afterwards. Nil when that cannot be had.
  func copy() -> ThrowawayServer? { Self.script("copy", folder).map { ThrowawayServer(folder: $0) } }

  private static func script(_ arguments: String...) -> String? { script(arguments) }

  /// What the script prints; nil when it fails.
  private static func script(_ arguments: [String]) -> String? {
    let process = Process()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    process.executableURL = root.appendingPathComponent("scripts/throwaway-postgres")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    // The server keeps the pipe open as long as it lives: one line is all there is.
    var printed = Data()
    while let byte = try? output.fileHandleForReading.read(upToCount: 1), let first = byte.first {
      if first == UInt8(ascii: "\n") { break }
      printed.append(first)
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: printed, as: UTF8.self)
  }
}
