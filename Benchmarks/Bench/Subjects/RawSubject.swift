import CYardsticks
import PersistencyCore

/// The C loops.
final class RawSubject: SharedSubject {
  var store: OpaquePointer?
  let engine: yard_engine

  /// - Parameter autocommitGets: SQLite only: keeps no read transaction from one get to the next.
  init(
    _ engine: yard_engine, path: String, _ settings: Settings, _ durability: Durability, autocommitGets: Bool = false
  ) throws {
    self.engine = engine
    let reason = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 256)
    reason.initialize(repeating: 0)
    defer { reason.deallocate() }
    store = Settings.category.withCString { category in
      var yardstick = yard_settings()
      yardstick.durability =
        switch durability {
        case .full: YARD_FULL
        case .consistent: YARD_CONSISTENT
        case .volatile: YARD_VOLATILE
        }
      yardstick.category = category
      yardstick.key_size = settings.keySize
      yardstick.payload_size = settings.payloadSize
      yardstick.cache_bytes = settings.cache.cacheBytes
      yardstick.checkpoint_pages = settings.cache.checkpointPages
      yardstick.memtable_bytes = settings.cache.memtableBytes
      yardstick.map_bytes = settings.cache.mapBytes
      yardstick.autocommit_gets = autocommitGets
      return yard_open(engine, path, &yardstick, reason.baseAddress, reason.count)
    }
    if store == nil { throw Complaint("raw " + (reason.baseAddress.map { String(cString: $0) } ?? "")) }
  }

  deinit { yard_close(store) }

  func put(_ slice: Slice, _ notes: Notes) throws {
    try check(yard_put(store, slice.flatKeys, slice.flatPayloads, slice.count, slice.batch, &notes.latencies))
  }

  func delete(_ slice: Slice, _ notes: Notes) throws {
    try check(yard_delete(store, slice.flatKeys, slice.count, slice.batch, &notes.latencies))
  }

  func deleteRanges(_ slice: Slice, _ notes: Notes) throws {
    try check(yard_delete_ranges(store, slice.flatKeys, slice.count, &notes.latencies))
  }

  func get(_ slice: Slice, _ notes: Notes) throws -> Tally {
    try tally { yard_get(store, slice.flatKeys, slice.count, $0, &notes.latencies) }
  }

  func visit(reverse: Bool, _ notes: Notes) throws -> Tally {
    try tally { yard_visit(store, reverse, $0, &notes.latencies) }
  }

  func seek(_ slice: Slice, _ notes: Notes) throws -> Tally {
    try tally { yard_seek(store, slice.flatKeys, slice.count, slice.limit, $0, &notes.latencies) }
  }

  func count(_ slice: Slice, _ notes: Notes) throws -> Tally {
    try tally { yard_count(store, slice.flatKeys, slice.count, $0, &notes.latencies) }
  }

  func mix(_ slice: Slice, _ notes: Notes) throws -> Tally {
    let steps = slice.steps.map { step in
      switch step {
      case .read: yard_step(action: YARD_READ, rows: 0)
      case .put: yard_step(action: YARD_PUT, rows: 0)
      case .modify: yard_step(action: YARD_MODIFY, rows: 0)
      case .scan(_, let rows): yard_step(action: YARD_SCAN, rows: UInt32(rows))
      }
    }
    return try tally {
      yard_mix(store, steps, slice.flatKeys, slice.flatPayloads, slice.count, $0, &notes.latencies)
    }
  }

  func proof() throws -> Tally { try tally { yard_verify(store, $0) } }

  func close() {
    yard_close(store)
    store = nil
  }

  func check(_ done: Bool) throws {
    if !done { throw Complaint("raw \(String(cString: yard_error(store)))") }
  }

  func tally(_ loop: (UnsafeMutablePointer<yard_tally>) -> Bool) throws -> Tally {
    var seen = yard_tally()
    try check(loop(&seen))
    return Tally(rows: seen.rows, checksum: seen.checksum)
  }
}
