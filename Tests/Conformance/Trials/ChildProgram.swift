import Foundation

/// A program of yours that the suite starts, kills and starts again: one whose `main` is ``CrashWriter/main(engines:)``.
///
/// ```swift
/// // Sources/writer/main.swift
/// await CrashWriter.main(engines: [.mine])
/// // in the tests
/// BackendFixture(engine: .mine, writer: .besideThisProgram("writer"))
/// ```
public struct ChildProgram: Hashable, Sendable {
  /// The path of the program.
  public var executable: String
  /// Words that it is given before the suite's own.
  public var arguments: [String]
  /// How many times each check kills it, or cuts its power; it opens and closes 250 times as often to look for leaks.
  public var cycles: Int

  public init(_ executable: String, arguments: [String] = [], cycles: Int = 2) {
    self.executable = executable
    self.arguments = arguments
    self.cycles = cycles
  }

  /// The program of this name in the folder of the running one, where SwiftPM puts what a test target depends on; nil when
  /// there is none.
  public static func besideThisProgram(_ name: String, arguments: [String] = [], cycles: Int = 2) -> ChildProgram? {
    let running = [
      Bundle.main.executablePath, try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
    ]
    // A test bundle of macOS lies some folders deeper.
    let bundles = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent().path }
    let folders = running.compactMap { $0.map { ($0 as NSString).deletingLastPathComponent } } + bundles
    for folder in folders where FileManager.default.isExecutableFile(atPath: folder + "/" + name) {
      return ChildProgram(folder + "/" + name, arguments: arguments, cycles: cycles)
    }
    return nil
  }

  /// How it is started to do what an order says.
  func words(for order: TrialOrder) throws -> [String] {
    let order = try JSONEncoder().encode(order)
    return [executable] + arguments + [String(decoding: order, as: UTF8.self)]
  }
}
