import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps readers out while the database behind them is exchanged; costs a reader two atomic additions.
///
/// Point reads, which end by themselves, are waited for. Visits are not: one may be waiting for the very write that
/// wants the exchange, so that with a visit inside there is none.
struct RocksTurnstile: ~Copyable, Sendable {
  /// What comes through: the low half of the state counts points, the high half visits.
  enum Reader: Int {
    case point = 1
    case visit = 0x1_0000_0000
  }

  private static var closedBit: Int { 1 << 62 }
  private let state = Atomic<Int>(0)
  private let exchange = Locked(false)

  @inline(__always)
  func enter(_ reader: Reader) {
    while state.add(reader.rawValue, ordering: .acquiring).oldValue & Self.closedBit != 0 {
      state.subtract(reader.rawValue, ordering: .releasing)
      exchange.withLock { _ in }
    }
  }

  @inline(__always)
  func leave(_ reader: Reader) { state.subtract(reader.rawValue, ordering: .releasing) }

  /// Runs `body` with nobody inside.
  ///
  /// - Returns: nil, without having run it, when a visit is inside.
  func alone<R>(_ body: () -> R) -> R? {
    exchange.withLock { _ in
      state.bitwiseOr(Self.closedBit, ordering: .acquiringAndReleasing)
      defer { state.bitwiseAnd(~Self.closedBit, ordering: .acquiringAndReleasing) }
      // A reader that finds the way closed leaves its mark for a moment: look again before taking it for a visit.
      var patience = 20
      while true {
        let inside = state.load(ordering: .acquiring) & ~Self.closedBit
        if inside == 0 { return body() }
        if inside >= Reader.visit.rawValue {
          patience -= 1
          if patience == 0 { return nil }
        }
        usleep(50)
      }
    }
  }
}
