import Foundation
import Logging
import PersistencyCore
import Synchronization

/// What the library notes beside the command's result: a store adopted, made anew, discarded.
///
/// Told on standard error after a command that succeeded; an error stands alone, and says enough.
enum Notes {
  private static let notes = Mutex<[String]>([])

  static func listen() { LoggingSystem.bootstrap { _ in Handler() } }

  static func tell() {
    for note in notes.withLock({ $0 }) { PersistencyTool.complain("note: \(note)") }
  }

  private struct Handler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    // What is an error here is thrown as well.
    func log(event: LogEvent) {
      guard event.level < .error else { return }
      let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      Notes.notes.withLock { $0.append("\(event.message) (\(details.joined(separator: ", ")))") }
    }
  }
}
