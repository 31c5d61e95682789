import Foundation

/// A tracer of this very process that has one of its system calls fail.
///
/// For exit tests: the whole process is slow meanwhile.
final class Strace {
  private let process = Process()
  private let log: String

  static let isPossible = geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")

  /// - Parameters:
  ///   - fault: As strace's `inject` has it.
  ///   - path: The file whose calls count.
  init(_ fault: String, on path: String) throws {
    log = FileManager.default.temporaryDirectory.path + "/strace-\(UUID().uuidString)"
    let calls = fault.prefix { $0 != ":" }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
    process.arguments = [
      "-f", "-qq", "-o", log, "-P", path, "-e", "trace=\(calls)", "-e", "inject=\(fault)", "-p", "\(getpid())",
    ]
    try process.run()
    while try !Self.isTraced() {
      guard process.isRunning else { throw CocoaError(.executableLoad) }
      usleep(1_000)
    }
  }

  /// - Returns: How many calls were made to fail.
  func end() throws -> Int {
    // It has inherited a mask that holds all milder signals back; when it dies, the system lets go of what it traced.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    defer { try? FileManager.default.removeItem(atPath: log) }
    return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count { $0.contains("(INJECTED)") }
  }

  /// Whether every thread of this process is traced.
  private static func isTraced() throws -> Bool {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").allSatisfy { thread in
      // A thread may end meanwhile.
      guard let status = try? String(contentsOfFile: "/proc/self/task/\(thread)/status", encoding: .utf8) else {
        return true
      }
      return !status.contains("TracerPid:\t0")
    }
  }
}
