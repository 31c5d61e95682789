import Foundation
import Testing

/// The built tool, run as a process in a root of its own.
struct Tool {
  let root: String

  struct Outcome {
    let status: Int32
    let output: String
    let error: String

    /// Standard output, parsed as JSON.
    func json() throws -> Any {
      try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }
  }

  /// Runs `body` with a fresh root, removed afterwards.
  static func inFreshRoot<R>(_ body: (Tool) throws -> R) throws -> R {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-cli-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    return try body(Tool(root: root))
  }

  @discardableResult
  func callAsFunction(_ arguments: String...) throws -> Outcome {
    try run("persistency", arguments, ["PERSISTENCY_ROOT": root])
  }

  /// Runs a program beside the tests, or on the path.
  func run(_ program: String, _ arguments: [String], _ environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    let built = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent(program)
    if FileManager.default.isExecutableFile(atPath: built.path) {
      process.executableURL = built
      process.arguments = arguments
    } else {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [program] + arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files rather than pipes: whatever the size, nobody waits for a reader.
    let (output, error) = (root + "-out", root + "-err")
    defer {
      try? FileManager.default.removeItem(atPath: output)
      try? FileManager.default.removeItem(atPath: error)
    }
    for file in [output, error] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: error))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      error: try String(contentsOfFile: error, encoding: .utf8))
  }

  /// Puts a copy of the original's file in the root as job `alpha`.
  func addAlpha() throws {
    try FileManager.default.copyItem(atPath: Self.fixture("nim-alpha.db"), toPath: root + "/alpha.db")
  }

  /// Makes job `raw`, a file as the original makes it, with a category that is not UTF-8 between two that are.
  func addRaw() throws {
    let shell = try run(
      "sqlite3",
      [
        root + "/raw.db",
        """
        CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
          PRIMARY KEY (category, key)) WITHOUT ROWID;
        PRAGMA user_version=1;
        INSERT INTO kv VALUES
          (x'63', x'6b', x'01'), (x'ff00', x'6b', x'02'), (x'ff00', x'', x''), (x'80', x'00ff', x'03'), (x'', x'6b', x'04');
        """,
      ])
    if shell.status != 0 { throw CocoaError(.fileWriteUnknown) }
  }

  var executable: String {
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("persistency").path
  }

  static func fixture(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/" + name }
}
