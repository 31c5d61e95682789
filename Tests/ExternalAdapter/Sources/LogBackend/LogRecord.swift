import PersistencyCore

/// One change that a batch made: a row stored, or removed for nil.
struct LogChange: Sendable {
  let category: [UInt8]
  let key: Key
  let payload: [UInt8]?
}

/// How a batch becomes bytes of the log.
///
/// A record is the length of its body in 8 bytes, a checksum of the body in 8, and the body: the batch's changes,
/// each 1 byte for put or delete, then the lengths of category (1), key (2) and payload (8, puts only), then their bytes. Numbers are
/// big-endian. A body of no bytes says that the store was closed in good order.
enum LogRecord {
  static let headBytes = 16

  static func bytes(of changes: [LogChange]) -> [UInt8] {
    var body: [UInt8] = []
    for change in changes {
      body.append(change.payload == nil ? 0 : 1)
      body.append(UInt8(truncatingIfNeeded: change.category.count))
      append(UInt64(change.key.bytes.count), bytes: 2, to: &body)
      if let payload = change.payload { append(UInt64(payload.count), bytes: 8, to: &body) }
      body += change.category
      body += change.key.bytes
      if let payload = change.payload { body += payload }
    }
    var record: [UInt8] = []
    record.reserveCapacity(headBytes + body.count)
    append(UInt64(body.count), bytes: 8, to: &record)
    append(checksum(body[...]), bytes: 8, to: &record)
    record += body
    return record
  }

  static let closed = bytes(of: [])

  /// The changes of the record at the beginning of `log`, and what comes after it; nil when it is cut or damaged.
  static func parse(_ log: ArraySlice<UInt8>) -> (changes: [LogChange], rest: ArraySlice<UInt8>)? {
    var rest = log
    guard let length = number(8, from: &rest).flatMap({ Int(exactly: $0) }), let sum = number(8, from: &rest),
      let body = take(length, from: &rest), checksum(body) == sum
    else { return nil }
    var left = body
    var changes: [LogChange] = []
    while !left.isEmpty {
      guard let kind = number(1, from: &left), kind < 2, let categoryBytes = number(1, from: &left),
        let keyBytes = number(2, from: &left),
        let payloadBytes = kind == 1 ? number(8, from: &left).flatMap({ Int(exactly: $0) }) : 0,
        let category = take(Int(categoryBytes), from: &left), let key = take(Int(keyBytes), from: &left),
        let payload = take(payloadBytes, from: &left)
      else { return nil }
      changes.append(
        LogChange(category: Array(category), key: Key(rawBytes: key), payload: kind == 1 ? Array(payload) : nil))
    }
    return (changes, rest)
  }

  /// FNV-1a over words of 8 bytes and the length: it notices accidents, not forgery.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.withUnsafeBytes { bytes in
      var sum: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
      var offset = 0
      while offset + 8 <= bytes.count {
        let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        sum = (sum ^ word) &* 0x100_0000_01B3
        // Multiplying carries upwards only.
        sum ^= sum >> 32
        offset += 8
      }
      for byte in bytes[offset...] { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
      return sum
    }
  }

  // MARK: Numbers

  static func append(_ number: UInt64, bytes count: Int, to bytes: inout [UInt8]) {
    for place in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
  }

  static func number(_ count: Int, from bytes: inout ArraySlice<UInt8>) -> UInt64? {
    take(count, from: &bytes)?.reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func take(_ count: Int, from bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count else { return nil }
    defer { bytes.removeFirst(count) }
    return bytes.prefix(count)
  }
}
