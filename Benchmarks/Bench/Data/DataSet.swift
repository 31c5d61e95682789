import CYardsticks
import PersistencyCore

/// The rows of a run, made from the seed: row `i` is the `i`th in key order, whatever the order it is written in.
///
/// A key begins with eight bytes that spread over the whole key space, so that neighbours share no long prefix. The
/// first half of a payload is random, the rest repeats, so that it compresses by about half; every version of it differs.
struct DataSet: Sendable {
  /// How many a loaded store has.
  let rows: Int
  /// How many there are: some are never loaded, to be missed or inserted later.
  let capacity: Int
  let keySize: Int
  let payloadSize: Int
  let seed: UInt64
  private let stride: UInt64

  init(_ settings: Settings) {
    rows = settings.rows
    keySize = settings.keySize
    payloadSize = settings.payloadSize
    seed = settings.seed
    capacity = settings.rows + max(16, settings.rows / 8)
    stride = UInt64.max / UInt64(capacity + 1)
  }

  // MARK: Bytes

  /// The first eight bytes of the key, as they lie in memory.
  private func keyWord(_ row: Int) -> UInt64 {
    let jitter = Self.mix(seed &+ UInt64(row)) % max(1, stride / 2)
    return (UInt64(row) &* stride &+ jitter).bigEndian
  }

  private func payloadWord(_ row: Int, _ version: UInt8) -> UInt64 {
    Self.mix((~seed ^ UInt64(row) &* 0x9E37_79B9_7F4A_7C15) &+ UInt64(version) << 56)
  }

  func writeKey(_ row: Int, to target: UnsafeMutableRawBufferPointer) {
    Self.write(keyWord(row), at: 0, to: target)
    var word = keyWord(row)
    for offset in Swift.stride(from: 8, to: keySize, by: 8) {
      word = Self.mix(word)
      Self.write(word, at: offset, to: target)
    }
  }

  func writePayload(_ row: Int, _ version: UInt8, to target: UnsafeMutableRawBufferPointer) {
    var word = payloadWord(row, version)
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

  /// - Parameter version: Of each row's payload; 1 is what a store is loaded with.
  func flatPayloads(_ rows: some Collection<Int>, version: (Int) -> UInt8 = { _ in 1 }) -> [UInt8] {
    flat(rows, payloadSize) { writePayload($0, version($0), to: $1) }
  }

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

  /// What stands where an op has no payload.
  var noPayload: [UInt8] { Array(repeating: 0, count: payloadSize) }

  // MARK: What the layers must come to

  func payloadSum(_ row: Int, _ version: UInt8 = 1) -> UInt64 { payloadWord(row, version) &+ UInt64(payloadSize) }

  func rowSum(_ row: Int, _ version: UInt8 = 1) -> UInt64 {
    (keyWord(row) ^ payloadWord(row, version)) &+ UInt64(keySize + payloadSize)
  }

  /// The hash of all bytes of these rows, which are in key order.
  func proof(_ rows: some Sequence<(Int, UInt8)>) -> Tally {
    var proof = Tally()
    var key = [UInt8](repeating: 0, count: keySize)
    var payload = [UInt8](repeating: 0, count: payloadSize)
    for (row, version) in rows {
      key.withUnsafeMutableBytes { bytes in
        writeKey(row, to: bytes)
        proof.checksum = yard_hash(proof.checksum, bytes.baseAddress, keySize)
      }
      payload.withUnsafeMutableBytes { bytes in
        writePayload(row, version, to: bytes)
        proof.checksum = yard_hash(proof.checksum, bytes.baseAddress, payloadSize)
      }
      proof.rows += 1
    }
    return proof
  }

  // MARK: Order

  /// The first `count` rows in an order that seed and `turn` decide.
  func order(_ turn: Int, of count: Int) -> Permutation {
    Permutation(count: count, seed: Self.mix(seed ^ UInt64(turn + 1) << 32))
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
