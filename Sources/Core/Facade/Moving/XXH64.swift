/// The 64-bit checksum XXH64, in pieces of any size.
///
/// Fast enough to check every byte that moves (some ten bytes a nanosecond), and a standard: `xxhsum` computes the
/// same. It tells accidents, not forgeries.
///
/// Source: the specification of xxHash, <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
struct XXH64: Sendable {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripe = 32

  private let seed: UInt64
  private var lanes: (UInt64, UInt64, UInt64, UInt64)
  /// The bytes that do not fill a stripe yet.
  private var rest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var restCount = 0
  private var total: UInt64 = 0

  init(seed: UInt64 = 0) {
    self.seed = seed
    lanes = (seed &+ Self.prime1 &+ Self.prime2, seed &+ Self.prime2, seed, seed &- Self.prime1)
  }

  /// The checksum of the bytes so far; more may follow.
  var value: UInt64 {
    var hash: UInt64
    if total >= UInt64(Self.stripe) {
      hash = lanes.0.rotated(1) &+ lanes.1.rotated(7) &+ lanes.2.rotated(12) &+ lanes.3.rotated(18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
      }
    } else {
      hash = seed &+ Self.prime5
    }
    hash &+= total
    withUnsafeBytes(of: rest) { bytes in
      var at = 0
      while at + 8 <= restCount {
        hash = (hash ^ Self.round(0, Self.load(bytes, at))).rotated(27) &* Self.prime1 &+ Self.prime4
        at += 8
      }
      if at + 4 <= restCount {
        let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        hash = (hash ^ (UInt64(half) &* Self.prime1)).rotated(23) &* Self.prime2 &+ Self.prime3
        at += 4
      }
      while at < restCount {
        hash = (hash ^ (UInt64(bytes[at]) &* Self.prime5)).rotated(11) &* Self.prime1
        at += 1
      }
    }
    hash = (hash ^ (hash >> 33)) &* Self.prime2
    hash = (hash ^ (hash >> 29)) &* Self.prime3
    return hash ^ (hash >> 32)
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    total &+= UInt64(bytes.count)
    var at = 0
    if restCount > 0 {
      let count = min(Self.stripe - restCount, bytes.count)
      withUnsafeMutableBytes(of: &rest) { rest in
        UnsafeMutableRawBufferPointer(rebasing: rest[restCount..<(restCount + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      }
      restCount += count
      at = count
      guard restCount == Self.stripe else { return }
      withUnsafeBytes(of: rest) { rest in addStripes(rest) }
      restCount = 0
    }
    let whole = (bytes.count - at) / Self.stripe * Self.stripe
    addStripes(UnsafeRawBufferPointer(rebasing: bytes[at..<(at + whole)]))
    at += whole
    restCount = bytes.count - at
    withUnsafeMutableBytes(of: &rest) { rest in
      rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[at...]))
    }
  }

  private mutating func addStripes(_ bytes: UnsafeRawBufferPointer) {
    var (a, b, c, d) = lanes
    var at = 0
    while at < bytes.count {
      a = Self.round(a, Self.load(bytes, at))
      b = Self.round(b, Self.load(bytes, at + 8))
      c = Self.round(c, Self.load(bytes, at + 16))
      d = Self.round(d, Self.load(bytes, at + 24))
      at += Self.stripe
    }
    lanes = (a, b, c, d)
  }

  private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    (lane &+ input &* prime2).rotated(31) &* prime1
  }

  private static func load(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }
}

extension UInt64 {
  fileprivate func rotated(_ count: UInt64) -> UInt64 { self &<< count | self &>> (64 &- count) }
}
