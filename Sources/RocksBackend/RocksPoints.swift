/// Stored keys in byte order, each with the payload that a group has put there, or nil where it has deleted.
///
/// Sorted blocks of at most ``blockSize`` entries: a write costs O(log n + block size), so that a group of a million
/// ops in any order stays cheap.
struct RocksPoints {
  struct Entry {
    let key: [UInt8]
    var payload: [UInt8]?
  }

  private static let blockSize = 256
  /// None is empty.
  private var blocks: [[Entry]] = []

  subscript(key: [UInt8]) -> Entry? {
    let place = place(of: key)
    return entry(at: place).flatMap { $0.key == key ? $0 : nil }
  }

  /// Sets the payload of a key.
  ///
  /// - Returns: What was there before.
  @discardableResult
  mutating func set(_ key: [UInt8], _ payload: [UInt8]?) -> Entry? {
    let place = place(of: key)
    if let old = entry(at: place), old.key == key {
      blocks[place.block][place.index].payload = payload
      return old
    }
    insert(Entry(key: key, payload: payload), at: place)
    return nil
  }

  mutating func remove(_ key: [UInt8]) {
    let place = place(of: key)
    guard entry(at: place)?.key == key else { return }
    blocks[place.block].remove(at: place.index)
    if blocks[place.block].isEmpty { blocks.remove(at: place.block) }
  }

  /// Removes all from `lower`, before `upper`, and gives them back in order.
  mutating func removeRange(_ lower: [UInt8], _ upper: [UInt8]) -> [Entry] {
    var removed: [Entry] = []
    let first = place(of: lower)
    var block = first.block
    var index = first.index
    while block < blocks.count {
      let end = Self.lowerBound(blocks[block], upper)
      if end > index {
        removed.append(contentsOf: blocks[block][index..<end])
        blocks[block].removeSubrange(index..<end)
      }
      let reachedUpper = index < blocks[block].count
      if blocks[block].isEmpty { blocks.remove(at: block) } else { block += 1 }
      if reachedUpper { break }
      index = 0
    }
    return removed
  }

  // MARK: Places

  private struct Place {
    var block: Int
    var index: Int
  }

  /// Where the first entry at or past `key` is, or would be.
  private func place(of key: [UInt8]) -> Place {
    // The last block that begins at or before the key may hold it.
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if let first = blocks[middle].first, key.precedes(first.key) { high = middle } else { low = middle + 1 }
    }
    guard low > 0 else { return Place(block: 0, index: 0) }
    return Place(block: low - 1, index: Self.lowerBound(blocks[low - 1], key))
  }

  private func entry(at place: Place) -> Entry? {
    guard place.block < blocks.count, place.index < blocks[place.block].count else { return nil }
    return blocks[place.block][place.index]
  }

  private mutating func insert(_ entry: Entry, at place: Place) {
    if blocks.isEmpty { blocks.append([]) }
    blocks[place.block].insert(entry, at: place.index)
    let count = blocks[place.block].count
    guard count > Self.blockSize else { return }
    let upper = Array(blocks[place.block][(count / 2)...])
    blocks[place.block].removeSubrange((count / 2)...)
    blocks.insert(upper, at: place.block + 1)
  }

  private static func lowerBound(_ block: [Entry], _ key: [UInt8]) -> Int {
    var low = 0
    var high = block.count
    while low < high {
      let middle = (low + high) / 2
      if block[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
