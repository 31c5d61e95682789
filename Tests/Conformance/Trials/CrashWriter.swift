import Foundation
public import PersistencyCore

/// The program that the tiers `crash`, `power` and `leak` start, kill and start again.
public enum CrashWriter {
  /// The whole of such a program's `main`: does what the suite's last argument says, and exits.
  ///
  /// - Parameter engines: Those that fixtures with this program name.
  public static func main(engines: [Engine]) async -> Never {
    guard let text = CommandLine.arguments.last,
      let order = try? JSONDecoder().decode(TrialOrder.self, from: Data(text.utf8))
    else {
      FileHandle.standardError.write(Data("this program is started by the conformance suite\n".utf8))
      exit(64)
    }
    guard let engine = engines.first(where: { $0.name == order.engine }) else {
      TrialLine.failed("there is no engine “\(order.engine)” in this program").say()
      exit(64)
    }
    switch order.task {
    case .write:
      do {
        try await TrialWriter(order: order, engine: engine).run()
      } catch {
        TrialLine.failed("\(error)").say()
        exit(1)
      }
    case .verify: report(await TrialVerifier(order: order, engine: engine).run())
    case .leak: report(await LeakRun(order: order, engine: engine).run())
    }
    exit(0)
  }

  /// The last line, and an end that closes nothing.
  private static func report(_ finding: some Encodable) -> Never {
    let line = (try? JSONEncoder().encode(finding)) ?? Data()
    FileHandle.standardOutput.write(line + Data("\n".utf8))
    _exit(0)
  }
}
