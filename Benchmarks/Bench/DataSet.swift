import CYardsticks
import PersistencyCore

/// The rows of a run, made from the seed: row `i` is the `i`th in key order, whatever the order it is written in.
///
/// A key begins with eight bytes that spread over the whole key space, so that neighbours share no long prefix. The
/// first half of a payload is random, the rest repeats, so that it compresses by about half.
struct DataSet: Sendable {
  let rows: Int
  let keySize: Int
  let payloadSize: Int
  let seed: UInt64
  private let stride: UInt64

  init(_ settings: Settings) {
    rows = settings.rows
    keySize = settings.keySize
    payloadSize = settings.payloadSize
    seed = settings.seed
    stride = UInt64.max / UInt64(settings.rows + 1)
  }

  // MARK: Bytes

  /// The first eight bytes of the key, as they lie in memory.
  private func keyWord(_ row: Int) -> UInt64 {
    let jitter = Self.mix(seed &+ UInt64(row)) % max(1, stride / 2)
    return (UInt64(row) &* stride &+ jitter).bigEndian
  }

  private func payloadWord(_ row: Int) -> UInt64 { Self.mix(~seed ^ UInt64(row) &* 0x9E37_79B9_7F4A_7C15) }

  func writeKey(_ row: Int, to target: UnsafeMutableRawBufferPointer) {
    Self.write(keyWord(row), at: 0, to: target)
    var word = keyWord(row)
    for offset in Swift.stride(from: 8, to: keySize, by: 8) {
      word = Self.mix(word)
      Self.write(word, at: offset, to: target)
    }
  }

  func writePayload(_ row: Int, to target: UnsafeMutableRawBufferPointer) {
    var word = payloadWord(row)
    Self.write(word, at: 0, to: target)
    let half = payloadSize / 2
    for offset in Swift.stride(from: 8, to: payloadSize, by: 8) {
      if offset < half { word = Self.mix(word) }
      Self.write(word, at: offset, to: target)
    }
  }

  private static func write(_ word: UInt64, at offset: Int, to target: UnsafeMutableRawBufferPointer) {
    if offset + 8 <= target.count {
      target.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
    } else {
      withUnsafeBytes(of: word) { bytes in
        for index in offset..<target.count { target[index] = bytes[index - offset] }
      }
    }
  }

  /// Flat arrays of keys, or payloads, one after the other.
  func flatKeys(_ rows: some Collection<Int>) -> [UInt8] { flat(rows, keySize, writeKey) }
  func flatPayloads(_ rows: some Collection<Int>) -> [UInt8] { flat(rows, payloadSize, writePayload) }

  private func flat(
    _ rows: some Collection<Int>, _ size: Int, _ write: (Int, UnsafeMutableRawBufferPointer) -> Void
  ) -> [UInt8] {
    let total = rows.count * size
    return [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      for (index, row) in rows.enumerated() {
        write(row, UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]))
      }
      count = total
    }
  }

  // MARK: What the layers must come to

  func payloadSum(_ row: Int) -> UInt64 { payloadWord(row) &+ UInt64(payloadSize) }
  func rowSum(_ row: Int) -> UInt64 { (keyWord(row) ^ payloadWord(row)) &+ UInt64(keySize + payloadSize) }

  /// The hash of all bytes of these rows, which are in key order.
  func proof(_ rows: some Sequence<Int>) -> Tally {
    var proof = Tally()
    var key = [UInt8](repeating: 0, count: keySize)
    var payload = [UInt8](repeating: 0, count: payloadSize)
    for row in rows {
      key.withUnsafeMutableBytes { bytes in
        writeKey(row, to: bytes)
        proof.checksum = yard_hash(proof.checksum, bytes.baseAddress, keySize)
      }
      payload.withUnsafeMutableBytes { bytes in
        writePayload(row, to: bytes)
        proof.checksum = yard_hash(proof.checksum, bytes.baseAddress, payloadSize)
      }
      proof.rows += 1
    }
    return proof
  }

  // MARK: Order

  /// All rows in an order that seed and `turn` decide.
  func shuffled(_ turn: Int) -> [UInt32] {
    var generator = Generator(state: Self.mix(seed ^ UInt64(turn + 1) << 32))
    var order = (0..<UInt32(rows)).map { $0 }
    order.shuffle(using: &generator)
    return order
  }

  /// SplitMix64's finaliser: a bijection that looks random.
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      return DataSet.mix(state)
    }
  }
}

/// What a loop saw; equal to what it should have seen, or the run fails.
struct Tally: Equatable, Sendable {
  var rows: UInt64 = 0
  var checksum: UInt64 = 0
}
