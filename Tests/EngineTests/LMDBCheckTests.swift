import Testing

@testable import PersistencyLMDB

@Suite("LMDB: the check finds what is wrong, and reads never trap on it")
struct LMDBCheckTests {
  enum Damage: CaseIterable {
    case orphan, missingNode, shortLink, circle, noCategory, badEscape, badLead, noFormat, strangeEntry
  }

  @Test("Each kind of damage is found, and walks end in an error or a result", arguments: Damage.allCases)
  func damage(_ damage: Damage) throws {
    let store = try LMDBStore()
    let backend = try store.open()
    defer { backend.close() }
    let long = bytes(0x61, 1_200)
    try backend.applyOps([
      .put(category: "c", key: raw([1]), payload: []), .put(category: "c", key: raw(long), payload: [1]),
      .put(category: "c", key: raw([0x62]), payload: []),
    ])
    #expect(try backend.findings() == [])
    let link = [0x63, 0] + bytes(0x61, 508) + [0]
    let outcome = backend.environment.write(backend.gate) { writer in
      Result { () throws(PersistencyError) in
        try writer.transaction(sync: false) { transaction throws(PersistencyError) in
          func store(_ key: [UInt8], _ value: [UInt8]) throws(PersistencyError) {
            try key.withBytes { key throws(PersistencyError) in
              try value.withBytes { value throws(PersistencyError) in try transaction.store(key, value) }
            }
          }
          func remove(_ key: [UInt8]) throws(PersistencyError) {
            _ = try key.withBytes { key throws(PersistencyError) in try transaction.remove(key) }
          }
          switch damage {
          case .orphan: try store(LMDBLayout.prefix(99) + [1], [])
          case .missingNode: try store(link, LMDBLayout.bytes(77))
          case .shortLink: try store(link, [0, 1])
          case .circle: try store(LMDBLayout.prefix(1) + bytes(0x61, 501) + [0], LMDBLayout.bytes(1))
          case .noCategory: try store([0x61, 0x62], [])
          case .badEscape: try store([1, 7, 0, 1], [])
          case .badLead: try store([0xF7, 0x61, 0, 1], [])
          case .noFormat: try remove(LMDBLayout.formatKey)
          case .strangeEntry: try store([0xFA], [])
          }
        }
      }
    }
    try outcome.get()
    #expect(try !backend.findings().isEmpty)
    for call in [
      { _ = try backend.rows() },
      { _ = try backend.categories() },
      { _ = try backend.scanRange(category: "c", range: .all, reverse: true) },
      { _ = try backend.getOne(category: "c", key: raw(long)) },
      { try backend.applyOps([.deleteRange(category: "c", range: KeyRange(start: raw([1]), stop: raw(long)))]) },
      { try backend.applyOps([.deleteRange(category: "c", range: .all)]) },
    ] {
      do {
        try call()
      } catch let error as PersistencyError {
        #expect(error.kind == .corrupted, "\(error)")
      }
    }
  }
}
