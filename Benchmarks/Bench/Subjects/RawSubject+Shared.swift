import CYardsticks
import Foundation
import PersistencyCore

// Many at once in C are threads: readers with a handle each of their own, writers that share the one that writes.

extension RawSubject {
  /// A handle that a thread may take along.
  private struct Handle: @unchecked Sendable {
    // Sendable: threads that write take turns where the engine does not see to it, the others open readers of their own.
    let store: OpaquePointer?
  }

  func burst(_ slice: Slice, _ puts: [SinglePut]) throws { try put(slice, Notes()) }

  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) throws -> Sample {
    let handle = Handle(store: store)
    // One connection is for one thread at a time; LMDB has such a lock, and RocksDB shares commits itself.
    let turn = engine == YARD_LMDB || engine == YARD_ROCKS ? nil : NSLock()
    return try Crew.acknowledge(slice.count, writers: writers, notes) { row in
      turn?.lock()
      defer { turn?.unlock() }
      try Self.put(row, of: slice, to: handle)
    }
  }

  func readWhileWriting(_ slice: Slice, readers: Int, _ writes: Slice, _ notes: Notes) throws -> (Tally, Sample) {
    let handle = Handle(store: store)
    let countdown = Countdown(readers)
    let keySize = slice.flatKeys.count / slice.count
    let cpu = yard_cpu()
    let (parts, _) = try Crew.run(readers + 1) { index in
      if index == readers {
        try Self.write(writes, to: handle, while: countdown)
        return Reading()
      }
      defer { countdown.countDown() }
      guard let store = yard_open_reader(handle.store) else {
        throw Complaint("raw \(String(cString: yard_error(handle.store)))")
      }
      defer { yard_close(store) }
      let rows = (0..<slice.count).share(index, of: readers)
      let notes = Notes(capacity: rows.count)
      var seen = yard_tally()
      var reading = Reading()
      let done = reading.timing { _ in
        slice.flatKeys.withUnsafeBufferPointer { keys in
          let first = keys.baseAddress?.advanced(by: rows.lowerBound * keySize)
          return yard_get(store, first, rows.count, &seen, &notes.latencies)
        }
      }
      if !done { throw Complaint("raw \(String(cString: yard_error(store)))") }
      reading.tally = Tally(rows: seen.rows, checksum: seen.checksum)
      notes.drain { reading.latencies.append($0) }
      return reading
    }
    return Reading.total(parts, ops: slice.count, notes, cpu: yard_cpu() - cpu)
  }

  private static func write(_ writes: Slice, to handle: Handle, while countdown: Countdown) throws {
    var next = 0
    while countdown.isRunning {
      try put(next % writes.count, of: writes, to: handle)
      next += 1
    }
  }

  private static func put(_ row: Int, of writes: Slice, to handle: Handle) throws {
    let (keySize, payloadSize) = (writes.flatKeys.count / writes.count, writes.flatPayloads.count / writes.count)
    let done = writes.flatKeys.withUnsafeBufferPointer { keys in
      writes.flatPayloads.withUnsafeBufferPointer { payloads in
        yard_put(
          handle.store, keys.baseAddress?.advanced(by: row * keySize),
          payloads.baseAddress?.advanced(by: row * payloadSize), 1, 1, nil)
      }
    }
    if !done { throw Complaint("raw \(String(cString: yard_error(handle.store)))") }
  }
}
