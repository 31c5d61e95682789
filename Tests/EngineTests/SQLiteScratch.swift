import Foundation
import PersistencySQLite
import Testing

/// A folder of one test's own, the store in it, and the `sqlite3` shell as another process.
final class SQLiteScratch: Sendable {
  let folder: String
  var path: String { folder + "/store.db" }

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/persistency-sqlite-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func open(_ store: StoreOptions = .init(), _ options: SQLiteOptions = .init()) throws -> SQLiteBackend {
    try SQLiteBackend(path: path, store: store, options: options)
  }

  /// The error of an opening that must fail.
  func refusal(_ store: StoreOptions = .init()) -> PersistencyError? {
    do {
      try SQLiteBackend(path: path, store: store).close()
      return nil
    } catch {
      return error
    }
  }

  /// Runs the shell on the store and gives what it prints.
  @discardableResult
  func shell(_ sql: String) throws -> String {
    let shell = try SQLiteShell(path, [sql])
    let status = shell.end()
    try #require(status == 0, "sqlite3 failed on: \(sql)")
    return shell.printed.trimmingCharacters(in: .newlines)
  }

  /// A shell that stays, with a transaction open, say; it has done `sql` when this returns.
  func holding(_ sql: String) throws -> SQLiteShell {
    let shell = try SQLiteShell(path, [])
    try shell.run(sql)
    return shell
  }

  /// Every file of the folder with its bytes.
  func contents() throws -> [String: Data] {
    var all: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      all[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
    }
    return all
  }

  func size(_ suffix: String = "") -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }

  /// A store of some rows, closed.
  @discardableResult
  func filled(_ rows: Int = 200) throws -> Self {
    let backend = try open()
    try backend.applyOps(
      (0..<rows).map { .put(category: "c", key: Key(Int64($0)), payload: [UInt8](repeating: 7, count: 90)) })
    backend.close()
    return self
  }
}

extension KvBackend {
  func put(_ category: String, _ key: Key, _ payload: [UInt8]) throws(PersistencyError) {
    try applyOps([.put(category: category, key: key, payload: payload)])
  }
}

/// A `sqlite3` process.
///
/// What it prints goes to a file: a pipe's ends would be inherited by shells of other tests.
final class SQLiteShell {
  private let process = Process()
  private let input = Pipe()
  private let output: String
  private var rounds = 0

  init(_ path: String, _ commands: [String]) throws {
    output = FileManager.default.temporaryDirectory.path + "/persistency-shell-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-batch", "-bail", path] + commands
    process.standardInput = commands.isEmpty ? input : FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: output)
  }

  var printed: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

  /// Has a shell without commands of its own run `sql`, and waits until it is done.
  func run(_ sql: String) throws {
    rounds += 1
    input.fileHandleForWriting.write(Data((sql + "\n.print done-\(rounds).\n").utf8))
    for _ in 0..<2_000 where !printed.contains("done-\(rounds).") {
      try #require(process.isRunning, "the shell ended early: \(printed)")
      usleep(5_000)
    }
    try #require(printed.contains("done-\(rounds)."), "the shell did not get done")
  }

  /// As a power cut would, but for the system's own memory.
  func kill9() {
    kill(process.processIdentifier, SIGKILL)
    _ = end()
  }

  func end() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }
}

/// The kind of what `body` throws, or nil.
func kind(_ body: () throws -> Void) -> PersistencyError.Kind? {
  do { try body() } catch { return (error as? PersistencyError)?.kind }
  return nil
}
