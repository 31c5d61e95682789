import ArgumentParser
import Foundation
import PersistencyCore
import PersistencyPostgres

/// Another process at the same servers: a reader that must never be taken back, or one that knows nothing yet.
struct FailoverChild: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "failover-child", abstract: "What failover starts beside its writers.", shouldDisplay: false)

  @Argument var task: String
  @Argument var connection: String
  @Argument var ids: [String]

  func run() async throws {
    switch task {
    case "read": try await read()
    case "fresh": try await fresh()
    default: throw ValidationError("no task is called “\(task)”")
    }
  }

  // MARK: Reading

  /// Reads every job's head, on and on, and says now and then what came of it.
  private func read() async throws {
    let jobs = try instance(deadline: .seconds(20))
    var open: [Job] = []
    for id in ids { open.append(try await jobs.openJob(id, options: JobOptions(access: .readOnly))) }
    var told = FailoverReader.Told(seen: ids.map { _ in 0 })
    var saidAt = ContinuousClock.now
    while true {
      for (index, job) in open.enumerated() {
        do throws(PersistencyError) {
          let head = try await Batches.head(job)
          if head < told.seen[index] { told.takenBack.append("\(ids[index]) from \(told.seen[index]) to \(head)") }
          told.seen[index] = max(told.seen[index], head)
          told.reads += 1
        } catch {
          told.refused[error.kind.rawValue, default: 0] += 1
        }
      }
      if .now - saidAt > .milliseconds(200) {
        FileHandle.standardOutput.write(try JSONEncoder().encode(told) + Data("\n".utf8))
        saidAt = .now
      }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  // MARK: Knowing nothing

  /// Opens a job that has a writer, and puts into one that has none; says what was let through.
  private func fresh() async throws {
    let jobs = try instance(deadline: .seconds(5))
    for id in ids where (try? await jobs.openJob(id, options: JobOptions(durability: .full))) != nil { print("opened") }
    if let job = try? await jobs.openJob("fresh", options: JobOptions(durability: .full)),
      (try? await job.put(category: "fresh", key: Key("a"), payload: [1])) != nil
    {
      print("acknowledged")
    }
  }

  private func instance(deadline: Duration) throws -> Persistency {
    let root = FileManager.default.temporaryDirectory.path + "/persistency-failover-\(UUID().uuidString)"
    return try Persistency(
      rootDirectory: root, engines: [try FailoverScenario.engine(connection, deadline: deadline)])
  }

  // MARK: Being started

  static func process(_ task: String, _ connection: String, ids: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
    process.arguments = ["failover-child", task, connection] + ids
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Waits for its end.
  static func output(_ task: String, _ connection: String, ids: [String]) throws -> String {
    let process = process(task, connection, ids: ids)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: printed, as: UTF8.self)
  }
}

/// The reading process, as who started it sees it.
final class FailoverReader {
  /// A line of it.
  struct Told: Codable {
    var reads = 0
    var seen: [Int]
    /// A read saw less than one before it.
    var takenBack: [String] = []
    /// By their kinds.
    var refused: [String: Int] = [:]
  }

  private let process: Process
  private let output = Pipe()

  init(_ connection: String, ids: [String]) throws {
    process = FailoverChild.process("read", connection, ids: ids)
    process.standardOutput = output
    try process.run()
  }

  /// Ends it, and adds what it saw.
  func end(_ report: inout FailoverScenario.Report) {
    let hasEnded = !process.isRunning
    kill(process.processIdentifier, SIGKILL)
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // The last line may be cut.
    let lines = printed.split(separator: UInt8(ascii: "\n"))
    guard !hasEnded, let told = lines.suffix(2).compactMap({ try? JSONDecoder().decode(Told.self, from: $0) }).last
    else {
      report.findings.append("the reader ended by itself, or said nothing")
      return
    }
    report.reads += told.reads
    report.findings += told.takenBack.map { "a reader was taken back, \($0), and not told" }
    if told.reads == 0 { report.findings.append("the reader read nothing") }
  }
}
