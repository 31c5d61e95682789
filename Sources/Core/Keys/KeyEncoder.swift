/// Collects the bytes of a key's parts.
public struct KeyEncoder: Sendable {
  private var storage = KeyStorage()
  /// Why there is no such key; the first reason holds.
  private(set) var refusal: String?
  /// How many composites the next part is inside of.
  var depth = 0

  /// How deep composites may nest: what a small thread's stack holds.
  static let deepest = 128

  init() {}

  init(continuing key: Key) {
    refusal = key.invalidReason
    storage = refusal == nil ? key.storage : KeyStorage(key.bytes)
  }

  /// What there is so far.
  var bytes: [UInt8] { storage.bytes }

  /// Appends one byte.
  public mutating func append(_ byte: UInt8) { storage.append(byte) }

  /// Appends raw bytes, with no length before them.
  public mutating func append(contentsOf raw: some Sequence<UInt8>) {
    let isDone: Void? = raw.withContiguousStorageIfAvailable { unsafe storage.append(UnsafeRawBufferPointer($0)) }
    if isDone == nil { unsafe Array(raw).withUnsafeBytes { unsafe storage.append($0) } }
  }

  /// Appends 8 bytes, big-endian.
  public mutating func append(bigEndian value: UInt64) {
    unsafe withUnsafeBytes(of: value.bigEndian) { unsafe storage.append($0) }
  }

  /// Appends a 2-byte big-endian length, then the bytes; more than 65,535 make the key invalid.
  public mutating func append(lengthPrefixed raw: some Collection<UInt8>) {
    guard let length = UInt16(exactly: raw.count) else {
      return fail("a text or byte part of \(raw.count) bytes; at most 65,535 have a key form")
    }
    unsafe withUnsafeBytes(of: length.bigEndian) { unsafe storage.append($0) }
    append(contentsOf: raw)
  }

  /// Marks the key invalid: every operation with it will throw `.invalidArgument` with this reason.
  ///
  /// The first reason holds.
  public mutating func fail(_ reason: String) {
    if refusal == nil { refusal = reason }
  }

  consuming func finish() -> Key {
    guard let refusal else { return Key(storage) }
    return Key(KeyStorage(invalid: KeyFault(refusal, bytes: storage.bytes)))
  }
}
