import Dispatch
import Foundation
import PersistencyCore

/// A script that starts, kills and joins servers; its calls wait on a thread of their own.
struct ServerScript: Sendable {
  let path: String

  /// Beside the package's other scripts, where this program was built from.
  init(_ name: String) {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    path = root.appendingPathComponent("scripts/\(name)").path
  }

  /// Runs one of its commands.
  ///
  /// - Returns: The first line that it prints.
  @discardableResult
  func callAsFunction(_ arguments: String...) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try run(arguments) }) }
    }
  }

  /// The same, blocking.
  @discardableResult
  func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
    // A server that it started may keep the pipe open: one line is all there is.
    var printed = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), let first = byte.first {
      if first == UInt8(ascii: "\n") { break }
      printed.append(first)
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw PersistencyError(.backend, "\(path) \(arguments.joined(separator: " ")) failed")
    }
    return String(decoding: printed, as: UTF8.self)
  }
}
