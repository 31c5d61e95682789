import CYardsticks
import PersistencyCore

// Many at once in C: whoever has many puts makes batches; readers are threads, each with a handle of its own.

extension RawSubject {
  /// A handle that a thread may take along.
  private struct Handle: @unchecked Sendable {
    // Sendable: one thread alone writes to the store behind it, the others open readers of their own.
    let store: OpaquePointer?
  }

  func burst(_ slice: Slice, _ puts: [SinglePut]) throws { try put(slice, Notes()) }

  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) throws { try put(slice, notes) }

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
    let (keySize, payloadSize) = (writes.flatKeys.count / writes.count, writes.flatPayloads.count / writes.count)
    var next = 0
    while countdown.isRunning {
      let row = next % writes.count
      let done = writes.flatKeys.withUnsafeBufferPointer { keys in
        writes.flatPayloads.withUnsafeBufferPointer { payloads in
          yard_put(
            handle.store, keys.baseAddress?.advanced(by: row * keySize),
            payloads.baseAddress?.advanced(by: row * payloadSize), 1, 1, nil)
        }
      }
      if !done { throw Complaint("raw \(String(cString: yard_error(handle.store)))") }
      next += 1
    }
  }
}
