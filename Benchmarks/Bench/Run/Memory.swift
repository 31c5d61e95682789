import CYardsticks
import Foundation

/// What the process occupies, as the system counts it.
enum Memory {
  /// Resident memory that no file stands behind; 0 where the system does not tell.
  static var anonymousBytes: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
      return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
    return 0
  }

  /// Returns to the system what the allocator keeps for later, so that what is allocated next shows.
  static func giveBack() {
    yard_give_back()
  }
}
