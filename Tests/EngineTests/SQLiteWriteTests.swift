import Foundation
import PersistencySQLite
import Testing

@Suite("SQLite writes in groups")
struct SQLiteWriteTests {
  let scratch: SQLiteScratch

  init() throws { scratch = try SQLiteScratch() }

  private func kinds(_ outcomes: [Result<Void, PersistencyError>]) -> [PersistencyError.Kind?] {
    outcomes.map { outcome in
      if case .failure(let error) = outcome { error.kind } else { nil }
    }
  }

  @Test(
    "A batch that fails after it has written is undone alone; the others are applied in order",
    arguments: [true, false])
  func replay(_ sync: Bool) throws {
    let backend = try scratch.open()
    let k = Key("k")
    let outcomes = backend.applyGroup(
      [
        [.put(category: "c", key: k, payload: [1])],
        [
          .put(category: "c", key: k, payload: [2]), .put(category: "d", key: k, payload: [2]),
          .expect(category: "c", key: k, payload: nil),
        ],
        [.expect(category: "c", key: k, payload: [1]), .put(category: "c", key: k, payload: [3])],
        [.put(category: String(repeating: "x", count: 256), key: k, payload: [])],
        [],
        [.expect(category: "c", key: k, payload: [1]), .put(category: "c", key: k, payload: [4])],
        [
          .put(category: "e", key: k, payload: []), .deleteRange(category: "e", range: .all),
          .expect(category: "e", key: k, payload: nil),
        ],
      ], sync: sync)
    #expect(kinds(outcomes) == [nil, .conflict, nil, .invalidArgument, nil, .conflict, nil])
    #expect(try backend.getOne(category: "c", key: k) == [3])
    #expect(try backend.categories() == ["c"])
  }

  @Test("A batch that fails before it has written spoils nothing")
  func conflictFirst() throws {
    let backend = try scratch.open()
    let k = Key("k")
    let outcomes = backend.applyGroup(
      (0..<5).map { number in
        [.expect(category: "c", key: k, payload: nil), .put(category: "c", key: k, payload: [UInt8(number)])]
      }, sync: false)
    #expect(kinds(outcomes) == [nil, .conflict, .conflict, .conflict, .conflict])
    #expect(try backend.getOne(category: "c", key: k) == [0])
  }

  @Test("An empty payload is not a missing one, in rows and expectations")
  func emptyPayload() throws {
    let backend = try scratch.open()
    let k = Key()
    #expect(kind { try backend.applyOps([.expect(category: "", key: k, payload: [])]) } == .conflict)
    try backend.put("", k, [])
    try backend.applyOps([.expect(category: "", key: k, payload: [])])
    #expect(kind { try backend.applyOps([.expect(category: "", key: k, payload: nil)]) } == .conflict)
    #expect(try backend.getOne(category: "", key: k) == [])
    #expect(try backend.deleteOne(category: "", key: k))
    #expect(try !backend.deleteOne(category: "", key: k))
  }

  @Test("A group that asks for a sync gets one, even if it writes nothing")
  func syncOfNothing() throws {
    let backend = try scratch.open()
    try backend.put("c", Key("k"), [1])
    let before = scratch.size("-wal")
    #expect(kinds(backend.applyGroup([[.delete(category: "c", key: Key("none"))]], sync: true)) == [nil])
    // One more page in the log is what carries the sync; a second one has nothing to carry.
    let after = scratch.size("-wal")
    #expect(after > before)
    #expect(
      kinds(backend.applyGroup([[], [.expect(category: "c", key: Key("k"), payload: [1])]], sync: true)) == [nil, nil])
    #expect(scratch.size("-wal") == after)
  }

  @Test("A volatile store does not sync, and says so")
  func volatileSync() throws {
    let backend = try scratch.open(StoreOptions(durability: .volatile))
    let batch: [TxOp] = [.put(category: "c", key: Key("k"), payload: [1])]
    #expect(kinds(backend.applyGroup([batch], sync: true)) == [.invalidArgument])
    #expect(try !backend.existsOne(category: "c", key: Key("k")))
    #expect(kinds(backend.applyGroup([batch], sync: false)) == [nil])
  }

  @Test("Batches of every durability are there after a reopening", arguments: Durability.allCases)
  func reopen(_ durability: Durability) throws {
    for round in 0..<3 {
      let backend = try scratch.open(StoreOptions(durability: durability, mustExist: round > 0))
      #expect(try backend.countRange(category: "c", range: .all) == round)
      try backend.put("c", Key(Int64(round)), [1])
      backend.close()
      backend.close()
      #expect(kind { try backend.put("c", Key(), []) } == .closed)
      #expect(kinds(backend.applyGroup([[], []], sync: false)) == [.closed, .closed])
    }
  }

  @Test("A handle that is dropped without close() closes")
  func dropped() throws {
    do { try scratch.open().put("c", Key("k"), [1]) }
    #expect(scratch.size("-wal") == 0)
    #expect(try scratch.open().existsOne(category: "c", key: Key("k")))
  }

  @Test("What a killed process committed is there, whole, and its log is read")
  func killed() throws {
    try scratch.filled(3)
    let process = try scratch.holding(
      "PRAGMA wal_autocheckpoint = 0; INSERT INTO kv VALUES (x'63', x'00', x'01'); BEGIN; DELETE FROM kv;")
    process.kill9()
    #expect(scratch.size("-wal") > 0)
    let backend = try scratch.open(StoreOptions(durability: .full, mustExist: true))
    #expect(try backend.countRange(category: "c", range: .all) == 4)
  }

  @Test("Ranges, forward and back, with bounds between and beyond the keys")
  func ranges() throws {
    let backend = try scratch.open()
    let keys = [[], [0], [0, 0], [0, 255], [1], [255], [255, 255]].map { Key(rawBytes: $0) }
    try backend.applyOps(keys.shuffled().map { .put(category: "c", key: $0, payload: $0.bytes) })
    try backend.put("b", Key(rawBytes: [9]), [])
    try backend.put("c\0", Key(rawBytes: [9]), [])
    let bounds = keys + [[0, 1], [2], [255, 255, 255]].map { Key(rawBytes: $0) }
    for start in bounds {
      for stop in bounds.map(Optional.some) + [nil] {
        let range = KeyRange(start: start, stop: stop)
        let wanted = keys.filter { range.contains($0) }
        #expect(try backend.scanRange(category: "c", range: range).map(\.key) == wanted)
        #expect(try backend.scanRange(category: "c", range: range, reverse: true).map(\.key) == wanted.reversed())
        #expect(
          try backend.scanRange(category: "c", range: range, reverse: true, limit: 2).map(\.key)
            == Array(wanted.reversed().prefix(2)))
        #expect(try backend.countRange(category: "c", range: range) == wanted.count)
      }
    }
    #expect(try backend.categories() == ["b", "c", "c\0"])
  }
}
