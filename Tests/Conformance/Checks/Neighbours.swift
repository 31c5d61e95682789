import PersistencyCore

/// Categories whose names are prefixes of each other, or would run into keys if the two were joined.
enum Neighbours {
  /// By their bytes.
  static let categories = [
    "", "\0", "\0\0", "\0a", "\u{1}", "a", "a\0", "a\0\0", "a\0a", "a\u{1}", "aa", "aaa", "ab", "a\u{FF}",
    "a\u{10FFFF}",
    "b", "\u{FF}", "\u{10FFFF}", "\u{10FFFF}\u{10FFFF}",
  ]

  /// The rows of one of them; the payload names the category.
  static func rows(_ category: String) -> Rows {
    let keys: [[UInt8]] = [
      [], [0], [0, 0], [0, 0x61], [1], [0x61], [0x61, 0], [0x61, 0x61], [0x62], [0xF4, 0x8F, 0xBF, 0xBF], [0xFF],
      [0xFF, 0xFF],
    ]
    return Rows(sorted: keys.map { KvRow(key: Key(rawBytes: $0), payload: Array(category.utf8) + [0x3A] + $0) })
  }

  static func fill(_ store: any KvBackend) throws(PersistencyError) {
    try store.applyInParts(
      categories.reversed().flatMap { category in rows(category).list.map { .put(category, $0) } })
  }
}

extension CheckContext {
  /// Expects that the neighbours hold their rows, and these categories those that are named.
  func expectNeighbours(
    _ store: any KvBackend, except changed: [String: [KvRow]] = [:], file: String = #fileID, line: Int = #line
  ) throws {
    for category in Neighbours.categories {
      let wanted = changed[category] ?? Neighbours.rows(category).list
      try expectEveryRead(store, category, wanted, "category \(category.debugDescription)", file: file, line: line)
    }
  }
}
