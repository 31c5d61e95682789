/// Reads a key's parts back, from the front; never past the end, and never traps.
public struct KeyDecoder: Sendable {
  private let storage: KeyStorage
  private let count: Int
  private(set) var position = 0
  /// How many composites the next part is inside of.
  var depth = 0

  init(_ bytes: [UInt8]) { self.init(KeyStorage(bytes)) }

  init(_ storage: KeyStorage) {
    self.storage = storage
    count = storage.count
  }

  /// How many bytes are left.
  public var remaining: Int { count - position }

  /// - Throws: `.invalidArgument` at the end.
  public mutating func readByte() throws(PersistencyError) -> UInt8 {
    try require(1)
    defer { position += 1 }
    return unsafe storage.withUnsafeBytes { unsafe $0[position] }
  }

  /// - Throws: `.invalidArgument` when fewer than `count` bytes are left, or `count` is negative.
  public mutating func readBytes(_ count: Int) throws(PersistencyError) -> [UInt8] {
    try require(count)
    defer { position += count }
    return unsafe storage.withUnsafeBytes { unsafe [UInt8]($0[position..<position + count]) }
  }

  /// Eight bytes, big-endian.
  public mutating func readBigEndian() throws(PersistencyError) -> UInt64 {
    try require(8)
    defer { position += 8 }
    return unsafe storage.withUnsafeBytes {
      UInt64(bigEndian: unsafe $0.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
  }

  /// A 2-byte big-endian length, then so many bytes.
  public mutating func readLengthPrefixed() throws(PersistencyError) -> [UInt8] {
    let high = try readByte()
    let low = try readByte()
    return try readBytes(Int(high) << 8 | Int(low))
  }

  /// The error for malformed bytes here; for the `decode` of a part of your own.
  public func malformed(_ what: String) -> PersistencyError {
    PersistencyError(.invalidArgument, "malformed key or payload at byte \(position) of \(count): \(what)")
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
