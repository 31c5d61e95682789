import Foundation
import GRDB
import PersistencyBenchmarks
import PersistencyCore

/// GRDB as its documentation recommends for speed: a pool, cached statements, the same table and caches as ours.
final class GRDBSubject: Subject {
  private let pool: DatabasePool
  private let category: Data

  private static let put =
    "INSERT INTO kv(category, key, payload) VALUES(?, ?, ?) ON CONFLICT(category, key) DO UPDATE SET payload = excluded.payload"
  private static let delete = "DELETE FROM kv WHERE category = ? AND key = ?"
  private static let deleteRange = "DELETE FROM kv WHERE category = ? AND key >= ? AND key < ?"
  private static let get = "SELECT payload FROM kv WHERE category = ? AND key = ?"
  private static let from = "SELECT key, payload FROM kv WHERE category = ? AND key >= ? ORDER BY key LIMIT ?"
  private static let all = "SELECT key, payload FROM kv WHERE category = ? ORDER BY key"
  private static let count = "SELECT count(*) FROM kv WHERE category = ? AND key >= ? AND key < ?"

  init(folder: String, _ terms: Peer.Terms) throws {
    category = Data(Peer.Terms.category.utf8)
    var configuration = Configuration()
    let synchronous =
      switch terms.durability {
      case .full: "FULL"
      case .consistent: "NORMAL"
      default: "OFF"
      }
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA cache_size = -\(terms.cacheBytes / 1024)")
      try db.execute(sql: "PRAGMA synchronous = \(synchronous)")
      if !db.configuration.readonly { try db.execute(sql: "PRAGMA wal_autocheckpoint = \(terms.checkpointPages)") }
    }
    pool = try DatabasePool(path: folder + "/store.db", configuration: configuration)
    try pool.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS kv(category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY(category, key)) WITHOUT ROWID
          """)
    }
  }

  // MARK: Writes

  func put(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func delete(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }
  func deleteRanges(_ slice: Slice, _ notes: Notes) throws { try apply(slice, notes) }

  private func apply(_ slice: Slice, _ notes: Notes) throws {
    var since = monotonicNanoseconds()
    for batch in slice.batches {
      try apply(batch)
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
  }

  /// GRDB's `write` is a transaction.
  private func apply(_ batch: [TxOp]) throws {
    try pool.write { db in
      for op in batch {
        switch op {
        case .put(_, let key, let payload):
          try db.cachedStatement(sql: Self.put).execute(arguments: [category, bytes(of: key), Data(payload)])
        case .delete(_, let key):
          try db.cachedStatement(sql: Self.delete).execute(arguments: [category, bytes(of: key)])
        case .deleteRange(_, let range):
          let stop = Data(range.stop?.bytes ?? [])
          try db.cachedStatement(sql: Self.deleteRange)
            .execute(arguments: [category, Data(range.start.bytes), stop])
        case .expect: break
        }
      }
    }
  }

  // MARK: Reads

  func get(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    for (index, key) in slice.keys.enumerated() {
      let since = isTimed(index) ? monotonicNanoseconds() : 0
      try get(key, &tally)
      if isTimed(index) { notes.note(monotonicNanoseconds() - since) }
    }
    return tally
  }

  private func get(_ key: Key, _ tally: inout Tally) throws {
    let payload = try pool.read { db in
      try Data.fetchOne(try db.cachedStatement(sql: Self.get), arguments: [category, bytes(of: key)])
    }
    payload?.withUnsafeBytes { tally.take(payload: $0) }
  }

  private func bytes(of key: Key) -> Data { key.withUnsafeBytes { Data($0) } }

  func visit(reverse: Bool, _ notes: Notes) throws -> Tally {
    try pool.read { db in
      var tally = Tally()
      let sql = reverse ? Self.all + " DESC" : Self.all
      let rows = try Row.fetchCursor(try db.cachedStatement(sql: sql), arguments: [category])
      while let row = try rows.next() {
        try row.withUnsafeData(atIndex: 0) { key in
          try row.withUnsafeData(atIndex: 1) { payload in
            key?.withUnsafeBytes { key in payload?.withUnsafeBytes { tally.take(key: key, payload: $0) } }
          }
        }
      }
      return tally
    }
  }

  func seek(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for range in slice.ranges {
      try scan(range, slice.limit, &tally)
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  private func scan(_ range: KeyRange, _ limit: Int, _ tally: inout Tally) throws {
    // Rows that own their bytes, as a scan of ours gives.
    let rows = try pool.read { db in
      try Row.fetchCursor(
        try db.cachedStatement(sql: Self.from), arguments: [category, Data(range.start.bytes), limit]
      ).map { row -> (Data, Data) in (row[0], row[1]) }.collect()
    }
    for (key, payload) in rows {
      key.withUnsafeBytes { key in payload.withUnsafeBytes { tally.take(key: key, payload: $0) } }
    }
  }

  func count(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for range in slice.ranges {
      let found = try pool.read { db in
        try Int.fetchOne(
          try db.cachedStatement(sql: Self.count),
          arguments: [category, Data(range.start.bytes), Data(range.stop?.bytes ?? [])])
      }
      tally.take(count: found ?? 0)
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func mix(_ slice: Slice, _ notes: Notes) throws -> Tally {
    var tally = Tally()
    var since = monotonicNanoseconds()
    for step in slice.steps {
      switch step {
      case .read(let key): try get(key, &tally)
      case .put(let batch): try apply(batch)
      case .modify(let key, let batch):
        try get(key, &tally)
        try apply(batch)
      case .scan(let range, let rows): try scan(range, rows, &tally)
      }
      let now = monotonicNanoseconds()
      notes.note(now - since)
      since = now
    }
    return tally
  }

  func proof() throws -> Tally {
    try pool.read { db in
      var tally = Tally()
      let rows = try Row.fetchCursor(try db.cachedStatement(sql: Self.all), arguments: [category])
      while let row = try rows.next() {
        let (key, payload): (Data, Data) = (row[0], row[1])
        key.withUnsafeBytes { key in payload.withUnsafeBytes { tally.prove(key: key, payload: $0) } }
      }
      return tally
    }
  }

  func close() throws { try pool.close() }
}

extension Cursor {
  fileprivate func collect() throws -> [Element] {
    var elements: [Element] = []
    while let element = try next() { elements.append(element) }
    return elements
  }
}
