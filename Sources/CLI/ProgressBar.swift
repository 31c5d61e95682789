import Foundation
import PersistencyCore
import Synchronization

/// A line on a terminal that says how far the work is, how fast, and how long it will take; nothing when nobody looks.
final class ProgressBar: Sendable {
  private struct State {
    var phase: MoveProgress.Phase?
    var began = ContinuousClock.now
  }

  private static let isWatched = isatty(STDERR_FILENO) == 1

  private let state = Mutex(State())
  private let labels: [MoveProgress.Phase: String]

  /// - Parameter label: What is done while rows move: "copying".
  init(_ label: String) { labels = [.counting: "counting", .moving: label, .verifying: "verifying"] }

  /// For the library's calls; nil when nobody looks, so that rows are not counted in vain.
  var handler: MoveProgress.Handler? {
    guard Self.isWatched else { return nil }
    return { [self] progress in show(progress) }
  }

  /// Takes the line away.
  func clear() { if Self.isWatched { Self.write("\r\u{1B}[K") } }

  private func show(_ progress: MoveProgress) {
    let seconds = state.withLock { state in
      if state.phase != progress.phase { state = State(phase: progress.phase) }
      return (ContinuousClock.now - state.began).seconds
    }
    let label = labels[progress.phase] ?? ""
    Self.write("\r\u{1B}[K" + Self.line(label, progress, seconds, width: Self.width))
  }

  /// The line, at most `width` characters of it.
  static func line(_ label: String, _ progress: MoveProgress, _ seconds: Double, width: Int) -> String {
    let rate = seconds > 0 ? Double(progress.rows) / seconds : 0
    let speed = rate >= 1 ? "  \(Int(rate)) rows/s" : ""
    guard let total = progress.totalRows, total > 0, progress.phase != .counting else {
      return String("\(label)  \(progress.rows) rows\(speed)".prefix(max(0, width - 1)))
    }
    let share = min(1, Double(progress.rows) / Double(total))
    let left = rate >= 1 ? "  \(clock(Double(max(0, total - progress.rows)) / rate)) left" : ""
    let head = "\(label) \(String(repeating: " ", count: share < 0.1 ? 2 : share < 1 ? 1 : 0))\(Int(share * 100))%  "
    let tail = "  \(progress.rows) of \(total) rows\(speed)\(left)"
    let room = min(30, width - 1 - head.count - tail.count)
    let bar =
      room < 4
      ? ""
      : String(repeating: "█", count: Int(share * Double(room))).padding(toLength: room, withPad: "·", startingAt: 0)
    return String((head + bar + tail).prefix(max(0, width - 1)))
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 359_999))
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    let tail = String(format: "%02d", whole % 60)
    return hours > 0 ? "\(hours):\(String(format: "%02d", minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  private static var width: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
