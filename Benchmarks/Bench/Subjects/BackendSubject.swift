import CYardsticks
import PersistencyCore

/// An adapter, called as everybody calls it: through the existential.
final class BackendSubject: SharedSubject {
  let backend: any KvBackend
  private let category = Settings.category

  init(_ backend: any KvBackend) { self.backend = backend }

  func put(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func delete(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func deleteRanges(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }

  private func apply(_ slice: Slice, _ notes: Notes) throws {
    var since = yard_now()
    for batch in slice.batches {
      try backend.applyOps(batch)
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
  }

  func get(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    for index in slice.keys.indices {
      let timed = isTimed(index)
      let since = timed ? yard_now() : 0
      if let payload = try backend.getOne(category: category, key: slice.keys[index]) { tally.take(payload: payload) }
      if timed { notes.note(yard_now() - since) }
    }
    return tally
  }

  func visit(reverse: Bool, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var pace = Pace()
    try backend.visitRange(category: category, range: .all, reverse: reverse) {
      (key, payload) throws(PersistencyError) in
      tally.take(key, payload)
      pace.row(tally.rows, notes)
      return .next
    }
    return tally
  }

  func seek(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for range in slice.ranges {
      let rows = try backend.scanRange(category: category, range: range, reverse: false, limit: slice.limit)
      tally.take(rows)
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func count(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for range in slice.ranges {
      tally.rows += UInt64(try backend.countRange(category: category, range: range))
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func mix(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for step in slice.steps {
      switch step {
      case .read(let key):
        if let payload = try backend.getOne(category: category, key: key) { tally.take(payload: payload) }
      case .put(let batch): try backend.applyOps(batch)
      case .modify(let key, let batch):
        if let payload = try backend.getOne(category: category, key: key) { tally.take(payload: payload) }
        try backend.applyOps(batch)
      case .scan(let range, let rows):
        for row in try backend.scanRange(category: category, range: range, reverse: false, limit: rows) {
          tally.take(row)
        }
      }
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func proof() throws -> Tally {
    var tally = Tally()
    try backend.visitRange(category: category, range: .all, reverse: false) {
      (key, payload) throws(PersistencyError) in
      tally.prove(key, payload)
      return .next
    }
    return tally
  }

  func close() { backend.close() }
}
