/// Reads a key's parts back, from the front; never past the end, and never traps.
public struct KeyDecoder: Sendable {
  let bytes: [UInt8]
  private(set) var position = 0
  /// How many composites the next part is inside of.
  var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - position }

  /// - Throws: `.invalidArgument` at the end.
  public mutating func readByte() throws(PersistencyError) -> UInt8 {
    try require(1)
    defer { position += 1 }
    return bytes[position]
  }

  /// - Throws: `.invalidArgument` when fewer than `count` bytes are left, or `count` is negative.
  public mutating func readBytes(_ count: Int) throws(PersistencyError) -> [UInt8] {
    try require(count)
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Eight bytes, big-endian.
  public mutating func readBigEndian() throws(PersistencyError) -> UInt64 {
    try require(8)
    defer { position += 8 }
    var value: UInt64 = 0
    for byte in bytes[position..<position + 8] { value = value << 8 | UInt64(byte) }
    return value
  }

  /// A 2-byte big-endian length, then so many bytes.
  public mutating func readLengthPrefixed() throws(PersistencyError) -> [UInt8] {
    let high = try readByte()
    let low = try readByte()
    return try readBytes(Int(high) << 8 | Int(low))
  }

  /// The error for malformed bytes here; for the `decode` of a part of your own.
  public func malformed(_ what: String) -> PersistencyError {
    PersistencyError(.invalidArgument, "malformed key or payload at byte \(position) of \(bytes.count): \(what)")
  }

  func finish() throws(PersistencyError) {
    if remaining > 0 { throw malformed("\(remaining) bytes left over after the last part") }
  }

  private func require(_ count: Int) throws(PersistencyError) {
    guard count >= 0, count <= remaining else {
      throw malformed("\(count) bytes needed, \(remaining) left")
    }
  }
}
