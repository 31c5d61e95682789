/// A set of rows, at an eighth of a byte each.
struct Bitmap {
  private var words: [UInt64]

  init(count: Int) { words = Array(repeating: 0, count: count / 64 + 1) }

  mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }
  func contains(_ index: Int) -> Bool { words[index / 64] >> UInt64(index % 64) & 1 == 1 }
}
