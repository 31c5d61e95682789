import CYardsticks
import PersistencyCore

/// A job, called as an application calls it: every write awaits its commit.
final class JobSubject: SharedSubject {
  private let root: Persistency
  let job: Job
  private let category = Settings.category

  init(_ job: Job, of root: Persistency) {
    self.root = root
    self.job = job
  }

  init(_ engine: Engine, root: String, options: JobOptions) async throws {
    self.root = try Persistency(rootDirectory: root, engines: [engine])
    job = try await self.root.openJob("bench", options: options)
  }

  func put(_ slice: Slice, _ notes: Notes) async throws { try await apply(slice, notes) }
  func delete(_ slice: Slice, _ notes: Notes) async throws { try await apply(slice, notes) }
  func deleteRanges(_ slice: Slice, _ notes: Notes) async throws { try await apply(slice, notes) }

  private func apply(_ slice: Slice, _ notes: Notes) async throws {
    var since = yard_now()
    for batch in slice.batches {
      try await job.apply(batch)
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
  }

  func get(_ slice: Slice, _ notes: Notes) async throws -> Tally {
    var tally = Tally()
    for index in slice.keys.indices {
      let timed = isTimed(index)
      let since = timed ? yard_now() : 0
      if let payload = try await job.get(category: category, key: slice.keys[index]) { tally.take(payload: payload) }
      if timed { notes.note(yard_now() - since) }
    }
    return tally
  }

  func visit(reverse: Bool, _ notes: Notes) async throws -> Tally {
    var tally = Tally()
    var pace = Pace()
    try await job.visit(category: category, range: .all, reverse: reverse) { key, payload in
      tally.take(key, payload)
      pace.row(tally.rows, notes)
      return .next
    }
    return tally
  }

  func seek(_ slice: Slice, _ notes: Notes) async throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for range in slice.ranges {
      tally.take(try await job.scan(category: category, range: range, limit: slice.limit))
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func count(_ slice: Slice, _ notes: Notes) async throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for range in slice.ranges {
      tally.rows += UInt64(try await job.count(category: category, range: range))
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func mix(_ slice: Slice, _ notes: Notes) async throws -> Tally {
    var tally = Tally()
    var since = yard_now()
    for step in slice.steps {
      switch step {
      case .read(let key):
        if let payload = try await job.get(category: category, key: key) { tally.take(payload: payload) }
      case .put(let batch): try await job.apply(batch)
      case .modify(let key, let batch):
        if let payload = try await job.get(category: category, key: key) { tally.take(payload: payload) }
        try await job.apply(batch)
      case .scan(let range, let rows):
        tally.take(try await job.scan(category: category, range: range, limit: rows))
      }
      let now = yard_now()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func proof() async throws -> Tally {
    var tally = Tally()
    try await job.visit(category: category, range: .all, reverse: false) { key, payload in
      tally.prove(key, payload)
      return .next
    }
    return tally
  }

  func close() async throws { try await root.close() }
}
