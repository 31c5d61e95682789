/// The numbers below `count` in an order that looks random, without an array of them.
///
/// A Feistel network of four rounds over the next even power of two, walked until it lands below `count`.
struct Permutation: RandomAccessCollection, Sendable {
  let count: Int
  private let seed: UInt64
  private let halfBits: UInt64
  private let halfMask: UInt64

  init(count: Int, seed: UInt64) {
    self.count = count
    self.seed = seed
    let bits = UInt64(UInt64.bitWidth - UInt64(Swift.max(count, 2) - 1).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
    halfMask = (1 << halfBits) - 1
  }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(position: Int) -> Int {
    var value = UInt64(position)
    repeat { value = scrambled(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func scrambled(_ value: UInt64) -> UInt64 {
    var (high, low) = (value >> halfBits, value & halfMask)
    for round in 0..<4 as Range<UInt64> {
      (high, low) = (low, high ^ DataSet.mix(seed ^ low &+ round << 48) & halfMask)
    }
    return high << halfBits | low
  }
}
