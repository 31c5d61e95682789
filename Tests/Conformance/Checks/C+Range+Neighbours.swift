import PersistencyCore

extension ConformanceCheck {
  /// Reads one range of each category of ``Neighbours``, and compares it with the category's own rows.
  private static func neighbour(
    _ name: String, _ rule: String, _ range: KeyRange, _ isIn: @escaping @Sendable ([UInt8]) -> Bool
  ) -> ConformanceCheck {
    ConformanceCheck("range.neighbours-\(name)", rule, paragraph: "4.1") { check in
      let store = try check.open()
      try Neighbours.fill(store)
      for category in Neighbours.categories {
        let wanted = Neighbours.rows(category).filter(isIn)
        try check.expectEveryRead(store, category, range, wanted, "category \(category.debugDescription)")
        for limit in [1, 2, wanted.count + 1] {
          let found = try store.scanRange(category: category, range: range, limit: limit)
          try check.expectRows(found, Array(wanted.prefix(limit)), "\(category.debugDescription), at most \(limit)")
          let back = try store.scanRange(category: category, range: range, reverse: true, limit: limit)
          try check.expectRows(
            back, Array(wanted.reversed().prefix(limit)), "\(category.debugDescription), at most \(limit) in reverse")
        }
      }
    }
  }

  static let rangeNeighbours: [ConformanceCheck] = [
    neighbour(
      "all", "The range of all keys stays in its category, among categories that are prefixes of each other", .all
    ) { _ in true },
    neighbour(
      "no-stop", "A range with no stop ends with its category's last row, not in the next category",
      KeyRange(start: .raw(0x61), stop: nil)
    ) { $0.order(to: [0x61]) >= 0 },
    neighbour(
      "from-ones", "A range from FF on stays in its category, where FF ends the name of another",
      KeyRange(start: .raw(0xFF), stop: nil)
    ) { $0.first == 0xFF },
    neighbour(
      "past-last", "A range past the last row is empty, though another category follows",
      KeyRange(start: .raw(0xFF, 0xFF, 0), stop: nil)
    ) { _ in false },
    neighbour(
      "no-start", "A range with no start begins with its category's first row, not in the one before",
      KeyRange(start: Key(), stop: .raw(0x61))
    ) { $0.order(to: [0x61]) < 0 },
    neighbour(
      "up-to-zero", "A range up to 00 holds the empty key alone, though another category comes before",
      KeyRange(start: Key(), stop: .raw(0))
    ) { $0.isEmpty },
    neighbour(
      "prefix-of-ones", "A prefix of FF bytes, which has no upper bound, stays in its category",
      KeyRange(prefix: .raw(0xFF))
    ) { $0.first == 0xFF },
    ConformanceCheck(
      "range.neighbours-removed", "Reads of a category whose rows were all deleted are empty between full neighbours",
      paragraph: "4.1"
    ) { check in
      let store = try check.open()
      try Neighbours.fill(store)
      let emptied = ["", "a", "a\0", "aa", "\u{10FFFF}"]
      try store.applyOps(
        emptied.flatMap { category in
          Neighbours.rows(category).list.map { .delete(category: category, key: $0.key) }
        })
      try check.expectNeighbours(store, except: Dictionary(uniqueKeysWithValues: emptied.map { ($0, []) }))
    },
  ]
}
