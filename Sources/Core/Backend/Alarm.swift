/// Calls back later, on a thread of its own: the one timer of the process, which sleeps while nothing is due.
///
/// Not a sleeping task. The first timer of the Swift runtime takes a descriptor, and where none is left that ends the process; and a
/// task waits for a cooperative thread, of which none may be free just when everything is stuck.
final class Alarm: @unchecked Sendable {
  // Sendable: every mutable property is read and written under `monitor` only.
  static let process = Alarm()

  private let monitor = Monitor()
  /// A handful at most, so that they are searched rather than sorted.
  private var due: [(instant: ContinuousClock.Instant, body: @Sendable () -> Void)] = []
  private var isStarted = false

  /// Runs `body` after `delay`; it must be quick, and gives what takes long to a pool.
  func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
    monitor.withLock {
      due.append((.now + delay, body))
      if !isStarted { isStarted = BackgroundThread.detach(named: "kv-alarm") { self.serve() } }
      // Without a thread to be had now, the next to ask starts one.
      monitor.signal()
    }
  }

  private func serve() {
    monitor.lock()
    while true {
      guard let next = due.indices.min(by: { due[$0].instant < due[$1].instant }) else {
        monitor.wait()
        continue
      }
      let rest = due[next].instant - .now
      if rest > .zero {
        monitor.wait(for: rest)
        continue
      }
      let body = due.remove(at: next).body
      monitor.unlock()
      body()
      monitor.lock()
    }
  }
}
