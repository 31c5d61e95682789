/// Sees that rows come by category bytes, then key bytes, each once.
struct RowOrder {
  private var category: [UInt8]?
  private var key: [UInt8] = []

  /// - Throws: `.corrupted` for a row that does not come after the one before.
  mutating func add(_ chunk: RowChunk) throws(PersistencyError) {
    // Inside a chunk the row before is still in memory; past its end only what is copied here.
    var before: (category: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer)?
    try chunk.eachRow { category, key, _ throws(PersistencyError) in
      let order: Int
      if let before {
        order = Self.order(before.category, before.key, category, key)
      } else if let last = self.category {
        order = last.withUnsafeBytes { last in
          self.key.withUnsafeBytes { lastKey in Self.order(last, lastKey, category, key) }
        }
      } else {
        order = -1
      }
      if order >= 0 {
        throw PersistencyError(
          .corrupted,
          "the row hex:\(key.hexadecimal) of category hex:\(category.hexadecimal) comes \(order == 0 ? "twice" : "out of order")"
        )
      }
      before = (category, key)
    }
    if let before { (category, key) = (Array(before.category), Array(before.key)) }
  }

  private static func order(
    _ category: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer,
    _ nextCategory: UnsafeRawBufferPointer, _ nextKey: UnsafeRawBufferPointer
  ) -> Int {
    let order = category.order(to: nextCategory)
    return order == 0 ? key.order(to: nextKey) : order
  }
}
