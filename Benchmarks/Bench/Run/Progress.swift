import Foundation

/// One line on a terminal that says where the run is; nothing when nobody looks.
struct Progress {
  private let isWatched = isatty(STDERR_FILENO) == 1

  func show(_ text: String) { write("\r\u{1B}[K\(text)") }
  func clear() { write("\r\u{1B}[K") }

  private func write(_ text: String) {
    if isWatched { FileHandle.standardError.write(Data(text.utf8)) }
  }
}
