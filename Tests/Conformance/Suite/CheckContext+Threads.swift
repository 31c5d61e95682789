import Foundation
import PersistencyCore

extension CheckContext {
  /// Runs `body(0)` … `body(count - 1)` on threads of their own, at once, and waits for all.
  ///
  /// - Parameters:
  ///   - count: How many threads.
  ///   - seconds: After so long a thread that is not back counts as stuck for good, and the check fails; its
  ///     stores are then left open, since closing would wait for the thread.
  ///   - file: Of the check, for the failure.
  ///   - line: Of the check, for the failure.
  ///   - body: Gets the thread's number.
  /// - Throws: what the first of them threw.
  public func concurrently(
    _ count: Int, within seconds: Int = 120, file: String = #fileID, line: Int = #line,
    _ body: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let group = DispatchGroup()
    let thrown = Locked<(any Error)?>(nil)
    // Without it the first thread would be done before the last one starts.
    let start = Gathering(count)
    for index in 0..<count {
      group.enter()
      let thread = Thread {
        do {
          try start.arrive()
          try body(index)
        } catch {
          thrown.withLock { $0 = $0 ?? error }
        }
        group.leave()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    let isBack = group.wait(timeout: .now() + .seconds(seconds)) == .success
    if !isBack { leaveOpen() }
    if let error = thrown.withLock({ $0 }) { throw error }
    if !isBack {
      throw failure("a call that should end is still running after \(seconds) s", file: file, line: line)
    }
  }
}

/// A meeting point of threads: nobody goes on before all have come.
///
/// Whoever waits half a minute gives up, so that one thread's failure does not hang the others.
final class Gathering: Sendable {
  private let missing: Locked<Int>
  private let count: Int
  private let door = DispatchSemaphore(value: 0)

  init(_ count: Int) {
    self.count = count
    missing = Locked(count)
  }

  func arrive() throws {
    let isLast = missing.withLock { missing in
      missing -= 1
      return missing == 0
    }
    if isLast { for _ in 1..<max(count, 2) { door.signal() } } else { try wait() }
  }

  private func wait() throws {
    if door.wait(timeout: .now() + .seconds(30)) != .success { throw NobodyCame() }
  }
}

/// A one-way sign from one thread to any number of others.
final class Signal: Sendable {
  private let door = DispatchSemaphore(value: 0)

  func raise() { door.signal() }

  /// - Throws: when the sign does not come within half a minute.
  func wait() throws {
    if door.wait(timeout: .now() + .seconds(30)) != .success { throw NobodyCame() }
    door.signal()
  }

  /// Whether it is up, after `milliseconds` at most.
  func isRaised(within milliseconds: Int) -> Bool {
    guard door.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return false }
    door.signal()
    return true
  }
}

struct NobodyCame: Error, CustomStringConvertible {
  var description: String { "another thread was waited for in vain" }
}

/// How long a race goes on: at least so many rounds, and on a fast engine as many as fit into the time.
struct Race: Sendable {
  let least: Int
  let most: Int
  private let end = ContinuousClock.now + .milliseconds(150)

  init(least: Int = 15, most: Int = 20_000) {
    self.least = least
    self.most = most
  }

  func goesOn(after rounds: Int) -> Bool { rounds < least || rounds < most && ContinuousClock.now < end }
}
