import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps reads and the moving of the map apart: LMDB lets a map be replaced under a reader, who then crashes.
///
/// Reads enter and leave by one atomic addition each. Whoever moves the map holds new reads back, sees that none is left inside, and
/// moves it. It holds them back only while nothing but reads without user code is inside, and briefly: a visitor may wait
/// for a read of its own or of another thread, which must then go through. Moving is rare, so waiting is by polling.
final class LMDBMapGate: Sendable {
  /// Reads inside, and the held bit.
  private let state = Atomic<Int>(0)
  /// Of those inside, the visits.
  private let visits = Atomic<Int>(0)
  /// Visitors that wait for the writer: as long as there is one, a writer must not wait for visits.
  private let visitorsWaiting = Atomic<Int>(0)

  private static let held = 1 << 62

  // MARK: Reads

  @inline(__always)
  func enter() {
    if state.add(1, ordering: .acquiring).oldValue & Self.held != 0 { enterHeld() }
  }

  @inline(__always)
  func leave() {
    state.subtract(1, ordering: .releasing)
  }

  /// By a read that is inside, before it lends its first row.
  func beginVisit() {
    visits.add(1, ordering: .acquiringAndReleasing)
  }

  func endVisit() {
    visits.subtract(1, ordering: .acquiringAndReleasing)
  }

  var hasVisits: Bool { visits.load(ordering: .acquiring) > 0 }

  @inline(never)
  private func enterHeld() {
    repeat {
      state.subtract(1, ordering: .releasing)
      while state.load(ordering: .acquiring) & Self.held != 0 { usleep(20) }
    } while state.add(1, ordering: .acquiring).oldValue & Self.held != 0
  }

  // MARK: Visitors that write

  func withWaitingVisitor<R>(_ isVisitor: Bool, _ body: (_ arrived: () -> Void) -> R) -> R {
    guard isVisitor else { return body({}) }
    visitorsWaiting.add(1, ordering: .acquiringAndReleasing)
    return body({ self.visitorsWaiting.subtract(1, ordering: .acquiringAndReleasing) })
  }

  // MARK: Moving the map; by the holder of the writer lock alone

  /// Runs `move` if no read is inside at this moment.
  ///
  /// - Returns: Whether it ran.
  func ifIdle(_ move: () -> Void) -> Bool {
    guard state.compareExchange(expected: 0, desired: Self.held, ordering: .acquiringAndReleasing).exchanged else {
      return false
    }
    move()
    release()
    return true
  }

  /// Runs `move` within a few milliseconds, where nothing but reads without user code is inside.
  ///
  /// - Returns: Whether it ran.
  func soon(_ move: () -> Void) -> Bool {
    ifIdle(move) || (!hasVisits && holdBriefly(ContinuousClock(), move))
  }

  /// Waits until no read is inside, and runs `move`.
  ///
  /// - Returns: Whether it ran; not when a visitor waits for the writer, or visits went on for longer than `patience`.
  func whenIdle(patience: Duration, _ move: () -> Void) -> Bool {
    let clock = ContinuousClock()
    let begin = clock.now
    // At first nobody is held back; then for a few milliseconds at a time.
    var free = begin.advanced(by: .milliseconds(5))
    while true {
      if ifIdle(move) { return true }
      if visitorsWaiting.load(ordering: .acquiring) > 0 { return false }
      if hasVisits && begin.duration(to: clock.now) > patience { return false }
      if !hasVisits && clock.now > free {
        if holdBriefly(clock, move) { return true }
        free = clock.now.advanced(by: .milliseconds(5))
      }
      usleep(hasVisits ? 500 : 50)
    }
  }

  private func holdBriefly(_ clock: ContinuousClock, _ move: () -> Void) -> Bool {
    state.bitwiseOr(Self.held, ordering: .acquiringAndReleasing)
    defer { release() }
    let end = clock.now.advanced(by: .milliseconds(5))
    repeat {
      // Once none is inside, whoever comes sees the bit and backs off.
      if state.load(ordering: .acquiring) == Self.held {
        move()
        return true
      }
      usleep(20)
    } while !hasVisits && clock.now < end
    return false
  }

  private func release() {
    state.bitwiseAnd(~Self.held, ordering: .acquiringAndReleasing)
  }
}
