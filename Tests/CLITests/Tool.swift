import Foundation
import Testing

/// The built tool, run as a process in a root of its own.
struct Tool {
  let root: String

  struct Outcome {
    let status: Int32
    let output: String
    let error: String

    /// Standard output, parsed as one JSON object a line.
    func jsonLines() throws -> [[String: Any]] {
      try output.split(separator: "\n").map { line in
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed)
        return try #require(value as? [String: Any])
      }
    }

    /// Standard output, parsed as one JSON object.
    func whole() throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// One of those objects.
    func json(_ line: Int) throws -> [String: Any] {
      let lines = try jsonLines()
      try #require(lines.indices.contains(line), "\(error)")
      return lines[line]
    }
  }

  /// Runs `body` with a fresh root, removed afterwards.
  static func inFreshRoot<R>(_ body: (Tool) throws -> R) throws -> R {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-cli-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    return try body(Tool(root: root))
  }

  static func inFreshRootAsync<R>(_ body: (Tool) async throws -> R) async throws -> R {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-cli-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    return try await body(Tool(root: root))
  }

  @discardableResult
  func callAsFunction(_ arguments: String...) throws -> Outcome {
    try run("persistency", arguments, ["PERSISTENCY_ROOT": root])
  }

  /// Runs a line of the shell, which finds the tool on its path and fails when any part of a pipe does.
  func shell(_ line: String) throws -> Outcome {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let built = Bundle.module.bundleURL.deletingLastPathComponent().path
    return try run(
      "bash", ["-c", "set -o pipefail; " + line], ["PERSISTENCY_ROOT": root, "PATH": built + ":" + path])
  }

  /// What an engine's store ends with.
  static func suffix(_ engine: String) -> String { engine == "sqlite" ? ".db" : "." + engine }

  /// Runs a program beside the tests, or on the path.
  func run(_ program: String, _ arguments: [String], _ environment: [String: String] = [:]) throws -> Outcome {
    try start(program, arguments, environment).outcome()
  }

  /// A program that runs.
  struct Running {
    fileprivate let running: Process
    fileprivate let files: (output: String, error: String)

    var process: Int32 { running.processIdentifier }

    /// Waits for its end.
    func outcome() throws -> Outcome {
      defer {
        try? FileManager.default.removeItem(atPath: files.output)
        try? FileManager.default.removeItem(atPath: files.error)
      }
      running.waitUntilExit()
      return Outcome(
        status: running.terminationStatus, output: try Tool.text(files.output), error: try Tool.text(files.error))
    }
  }

  func start(
    _ program: String, _ arguments: [String], _ environment: [String: String] = [:], input: FileHandle = .nullDevice
  ) throws -> Running {
    let process = Process()
    let built = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent(program)
    if FileManager.default.isExecutableFile(atPath: built.path) {
      process.executableURL = built
      process.arguments = arguments
    } else {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [program] + arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(["PERSISTENCY_ROOT": root]) { $1 }
      .merging(environment) { $1 }
    // Files rather than pipes: whatever the size, nobody waits for a reader.
    let name = root + "-" + UUID().uuidString
    let files = (output: name + "-out", error: name + "-err")
    for file in [files.output, files.error] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: files.output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files.error))
    process.standardInput = input
    try process.run()
    return Running(running: process, files: files)
  }

  /// Waits until a file is in the root.
  func waitForFile(_ name: String) throws {
    let end = Date.now + 60
    while !FileManager.default.fileExists(atPath: root + "/" + name) {
      try #require(Date.now < end, "\(name) did not come")
      Thread.sleep(forTimeInterval: 0.005)
    }
  }

  private static func text(_ file: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
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
