import Foundation
import PersistencyConformance
import Testing

/// The built benchmark, run as a process in a folder of its own.
struct Bench {
  /// Where its stores and reports go; removed afterwards.
  let folder: String

  struct Outcome {
    let status: Int32
    let output: String
    let error: String

    /// What was said on standard error, without the line break at its end.
    var lines: [String] { error.split(separator: "\n").map(String.init) }
  }

  static func inFreshFolder<R>(_ body: (Bench) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.path + "/persistency-bench-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(Bench(folder: folder))
  }

  /// Small enough for a debug build.
  static let small = ["--rows", "1000", "--rounds", "1", "--seconds", "0.001"]

  @discardableResult
  func callAsFunction(_ arguments: String..., directory: String? = nil) throws -> Outcome {
    let process = try start(arguments, directory: directory)
    process.waitUntilExit()
    return try outcome(of: process)
  }

  func start(_ arguments: [String], directory: String? = nil) throws -> Process {
    let process = Process()
    let program = try #require(ChildProgram.besideThisProgram("persistency-bench"))
    process.executableURL = URL(fileURLWithPath: program.executable)
    process.arguments = arguments
    // Stores go to the temporary folder unless the arguments say where.
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": directory ?? folder]) { $1 }
    for file in [output, error] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: error))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  func outcome(of process: Process) throws -> Outcome {
    Outcome(
      status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      error: try String(contentsOfFile: error, encoding: .utf8))
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// What the run left in a folder, but for what the tests themselves put there.
  func leftovers(in directory: String? = nil) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory ?? folder).filter {
      $0.hasPrefix("persistency-bench-")
    }
  }

  private var output: String { path("out.txt") }
  private var error: String { path("err.txt") }
}
