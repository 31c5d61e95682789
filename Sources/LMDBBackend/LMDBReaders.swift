import CPersistencyLMDB
import Synchronization

/// Up to four ended read transactions, kept to be renewed: a cache, not a limit.
struct LMDBReaders: ~Copyable {
  // Each holds the address of a transaction, or 0.
  private let first = Atomic<UInt>(0)
  private let second = Atomic<UInt>(0)
  private let third = Atomic<UInt>(0)
  private let fourth = Atomic<UInt>(0)

  @inline(__always)
  func take() -> OpaquePointer? {
    take(first) ?? take(second) ?? take(third) ?? take(fourth)
  }

  /// Ends the snapshot of a transaction and keeps it, or frees it.
  @inline(__always)
  func give(_ reader: OpaquePointer) {
    mdb_txn_reset(reader)
    let address = UInt(bitPattern: reader)
    if keep(address, first) || keep(address, second) || keep(address, third) || keep(address, fourth) { return }
    mdb_txn_abort(reader)
  }

  func free() {
    while let reader = take() { mdb_txn_abort(reader) }
  }

  @inline(__always)
  private func take(_ slot: borrowing Atomic<UInt>) -> OpaquePointer? {
    if slot.load(ordering: .relaxed) == 0 { return nil }
    return OpaquePointer(bitPattern: slot.exchange(0, ordering: .acquiring))
  }

  @inline(__always)
  private func keep(_ reader: UInt, _ slot: borrowing Atomic<UInt>) -> Bool {
    slot.compareExchange(expected: 0, desired: reader, ordering: .releasing).exchanged
  }
}
