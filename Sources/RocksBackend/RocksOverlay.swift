/// What the earlier ops of a group have made of the store: read by `expect` and by delete-range, before the engine.
///
/// Two things and their order in time, folded into one state: the ranges that the group has deleted, and on top of
/// them the keys it has put or deleted since. RocksDB's own indexed batch is no substitute: its C API takes a delete-range and
/// silently does nothing.
struct RocksOverlay {
  /// What a group says about one key.
  enum Answer {
    /// Nothing: the engine knows.
    case untouched
    case absent
    case payload([UInt8])
  }

  private var points = RocksPoints()
  /// Ranges of stored keys, disjoint and in order.
  private var cleared: [Range] = []
  /// How to take back a batch that may yet fail; nil when none is open.
  private var journal: Journal?

  private struct Range {
    var lower: [UInt8]
    var upper: [UInt8]
  }

  private struct Journal {
    var cleared: [Range]
    /// Newest last; nil for a key that had no entry.
    var points: [(key: [UInt8], old: RocksPoints.Entry?)] = []
  }

  // MARK: Reading

  func answer(_ key: [UInt8]) -> Answer {
    if let entry = points[key] { return entry.payload.map { .payload($0) } ?? .absent }
    let next = firstCleared(endingPast: key)
    return next < cleared.count && !key.precedes(cleared[next].lower) ? .absent : .untouched
  }

  /// Whether the group has deleted the whole range already: of the engine's rows none is left in it.
  func hasCleared(_ lower: [UInt8], _ upper: [UInt8]) -> Bool {
    let next = firstCleared(endingPast: lower)
    guard next < cleared.count else { return false }
    return !lower.precedes(cleared[next].lower) && !cleared[next].upper.precedes(upper)
  }

  // MARK: Writing

  mutating func put(_ key: [UInt8], _ payload: [UInt8]) { set(key, payload) }
  mutating func delete(_ key: [UInt8]) { set(key, nil) }

  /// Deletes from `lower`, before `upper`.
  ///
  /// - Returns: The keys that the group itself had put there.
  mutating func deleteRange(_ lower: [UInt8], _ upper: [UInt8]) -> [[UInt8]] {
    let removed = points.removeRange(lower, upper)
    journal?.points.append(contentsOf: removed.map { ($0.key, $0) })
    clear(lower, upper)
    return removed.compactMap { $0.payload == nil ? nil : $0.key }
  }

  private mutating func set(_ key: [UInt8], _ payload: [UInt8]?) {
    let old = points.set(key, payload)
    journal?.points.append((key, old))
  }

  private mutating func clear(_ lower: [UInt8], _ upper: [UInt8]) {
    // Those that overlap or touch become one.
    let first = cleared.partition { $0.upper.precedes(lower) }
    let end = cleared.partition { !upper.precedes($0.lower) }
    var merged = Range(lower: lower, upper: upper)
    if first < end {
      if cleared[first].lower.precedes(lower) { merged.lower = cleared[first].lower }
      if upper.precedes(cleared[end - 1].upper) { merged.upper = cleared[end - 1].upper }
    }
    cleared.replaceSubrange(first..<max(first, end), with: CollectionOfOne(merged))
  }

  private func firstCleared(endingPast key: [UInt8]) -> Int {
    cleared.partition { !key.precedes($0.upper) }
  }

  // MARK: Batches that may fail

  mutating func begin() { journal = Journal(cleared: cleared) }
  mutating func commit() { journal = nil }

  /// Takes back all since ``begin()``.
  mutating func rollback() {
    guard let journal else { return }
    self.journal = nil
    cleared = journal.cleared
    for (key, old) in journal.points.reversed() {
      if let old { points.set(key, old.payload) } else { points.remove(key) }
    }
  }
}

extension Array {
  /// How many elements at the front satisfy the condition, which none does after the first that does not.
  fileprivate func partition(_ isFront: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isFront(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
