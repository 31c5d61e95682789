import Foundation
import Synchronization

extension CheckContext {
  /// Runs `body(0)` … `body(count - 1)` on threads of their own, at once, and waits for all.
  ///
  /// - Throws: what the first of them threw.
  public func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let group = DispatchGroup()
    let thrown = Mutex<(any Error)?>(nil)
    for index in 0..<count {
      group.enter()
      let thread = Thread {
        do {
          try body(index)
        } catch {
          thrown.withLock { $0 = $0 ?? error }
        }
        group.leave()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    group.wait()
    if let error = thrown.withLock({ $0 }) { throw error }
  }
}
