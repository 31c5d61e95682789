import PersistencyBenchmarks
import PersistencyCore
import SortedCollections

/// A `SortedDictionary` with our keys, which order by their bytes; not shared, as it locks nothing.
///
/// It finds where a scan begins by a key that is there, and cannot begin at one that is not.
final class SortedDictionarySubject: Subject {
  private var rows = SortedDictionary<Key, [UInt8]>()

  // MARK: Writes

  func put(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func delete(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func deleteRanges(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }

  private func apply(_ slice: Slice, _ notes: Notes) throws {
    var since = monotonicNanoseconds()
    for batch in slice.batches {
      apply(batch)
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
  }

  private func apply(_ batch: [TxOp]) {
    for op in batch {
      switch op {
      case .put(_, let key, let payload): rows[key] = payload
      case .delete(_, let key): rows[key] = nil
      case .deleteRange(_, let range):
        for key in rows.keys.filter({ key in key >= range.start && (range.stop.map { key < $0 } ?? true) }) {
          rows[key] = nil
        }
      case .expect: break
      }
    }
  }

  // MARK: Reads

  func get(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    for (index, key) in slice.keys.enumerated() {
      let since = isTimed(index) ? monotonicNanoseconds() : 0
      get(key, &tally)
      if isTimed(index) { notes.note(monotonicNanoseconds() - since) }
    }
    return tally
  }

  private func get(_ key: Key, _ tally: inout Tally) {
    if let payload = rows[key] { payload.withUnsafeBytes { tally.take(payload: $0) } }
  }

  func visit(reverse: Bool, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    if reverse {
      for (key, payload) in rows.reversed() { take(key, payload, &tally) }
    } else {
      for (key, payload) in rows { take(key, payload, &tally) }
    }
    return tally
  }

  private func take(_ key: Key, _ payload: [UInt8], _ tally: inout Tally) {
    key.withUnsafeBytes { key in payload.withUnsafeBytes { tally.take(key: key, payload: $0) } }
  }

  func seek(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for range in slice.ranges {
      scan(range, slice.limit, &tally)
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  private func scan(_ range: KeyRange, _ limit: Int, _ tally: inout Tally) {
    let start = rows.index(forKey: range.start) ?? rows.firstIndex { $0.key >= range.start } ?? rows.endIndex
    var (index, left) = (start, limit)
    while left > 0, index != rows.endIndex {
      let (key, payload) = rows[index]
      take(key, payload, &tally)
      left -= 1
      rows.formIndex(after: &index)
    }
  }

  func count(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for range in slice.ranges {
      let start = index(range.start)
      let stop = range.stop.map(index) ?? rows.endIndex
      tally.take(count: rows.distance(from: start, to: stop))
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  private func index(_ key: Key) -> SortedDictionary<Key, [UInt8]>.Index {
    rows.index(forKey: key) ?? rows.firstIndex { $0.key >= key } ?? rows.endIndex
  }

  func mix(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for step in slice.steps {
      switch step {
      case .read(let key): get(key, &tally)
      case .put(let batch): apply(batch)
      case .modify(let key, let batch):
        get(key, &tally)
        apply(batch)
      case .scan(let range, let rows): scan(range, rows, &tally)
      }
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func proof() throws -> Tally {
    var tally = Tally()
    for (key, payload) in rows {
      key.withUnsafeBytes { key in payload.withUnsafeBytes { tally.prove(key: key, payload: $0) } }
    }
    return tally
  }

  func close() { rows = SortedDictionary() }
}
