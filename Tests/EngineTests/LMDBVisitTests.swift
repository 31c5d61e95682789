import Foundation
import PersistencyLMDB
import Testing

@Suite("LMDB: visits, snapshots and groups")
struct LMDBVisitTests {
  @Test("Visits nest far beyond LMDB's 126 readers, each with its own snapshot")
  func nested() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    try backend.applyOps([.put(category: "c", key: Key(0), payload: [0])])
    func descend(_ depth: Int) throws {
      if depth == 300 { return }
      try backend.visit(category: "c") { _, payload in
        #expect([UInt8](copying: payload) == [UInt8(depth % 256)])
        try backend.applyOps([.put(category: "c", key: Key(0), payload: [UInt8((depth + 1) % 256)])])
        #expect(try backend.getOne(category: "c", key: Key(0)) == [UInt8((depth + 1) % 256)])
        try descend(depth + 1)
        #expect([UInt8](copying: payload) == [UInt8(depth % 256)], "the snapshot does not move")
        return .next
      }
    }
    try descend(0)
  }

  @Test("Closing inside a visit ends it at its next row, and frees the store for reopening")
  func closeInside() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    try backend.applyOps((0..<10).map { .put(category: "c", key: Key($0), payload: bytes(1, 900)) })
    var rows = 0
    let error = #expect(throws: PersistencyError.self) {
      try backend.visit(category: "c") { _, payload in
        rows += 1
        backend.close()
        #expect([UInt8](copying: payload) == bytes(1, 900))
        #expect((try? backend.countRange(category: "c", range: .all)) == nil)
        return .next
      }
    }
    #expect(error?.kind == .closed && rows == 1)
    let again = try store.open(.init(mustExist: true))
    #expect(try again.countRange(category: "c", range: .all) == 10)
    again.close()
  }

  @Test("The caller's error comes out of a visit, of long keys too, and a failing visit leaves no reader behind")
  func callersError() throws {
    struct Mine: Error {}
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    try backend.applyOps((0..<3).map { .put(category: "c", key: raw(bytes(UInt8($0), 2_000)), payload: [1]) })
    for _ in 0..<20_000 {
      #expect(throws: Mine.self) { try backend.visit(category: "c") { _, _ in throw Mine() } }
    }
    var seen = 0
    try backend.visitEverything { _, key, _ in
      seen += 1
      #expect(key.byteCount == 2_000)
      return seen == 2 ? .stop : .next
    }
    #expect(seen == 2)
  }

  @Test("In a group each batch has its own outcome, whether it failed before or after it had written")
  func group() throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    func put(_ key: Int) -> TxOp { .put(category: "c", key: Key(key), payload: [UInt8(key)]) }
    func absent(_ key: Int) -> TxOp { .expect(category: "c", key: Key(key), payload: nil) }
    let batches: [[TxOp]] = [
      [put(1)],
      [absent(1), put(2)],  // before it wrote
      [put(3), absent(1)],  // after
      [],
      [.expect(category: "c", key: Key(1), payload: [1]), put(4)],
      [put(5), .put(category: String(repeating: "x", count: 256), key: Key(), payload: [])],
      [absent(3), put(6)],  // 3 was undone
      [put(7), absent(6)], [put(8), absent(6)], [put(9), absent(6)], [put(10), absent(6)],
      [put(11)],
    ]
    let kinds = backend.applyGroup(batches, sync: true).map { (outcome) -> PersistencyError.Kind? in
      if case .failure(let error) = outcome { error.kind } else { nil }
    }
    #expect(
      kinds == [
        nil, .conflict, .conflict, nil, nil, .invalidArgument, nil, .conflict, .conflict, .conflict, .conflict, nil,
      ])
    let keys = try backend.scanRange(category: "c", range: .all).map { Int($0.payload[0]) }
    #expect(keys == [1, 4, 6, 11])
  }
}
