/// A half-open range of keys, [start, stop): the start is in it, the stop is not.
///
/// Start at or past stop is an empty range, not an error.
public struct KeyRange: Hashable, Sendable {
  public let start: Key
  /// The first key past the range; nil when it has no upper bound.
  public let stop: Key?

  /// - Parameters:
  ///   - start: The first key of the range.
  ///   - stop: nil, or an empty key (stored as nil), for no upper bound.
  public init(start: Key, stop: Key?) {
    self.start = start
    // An invalid key may have no bytes yet; it stays, so that the operation says why.
    self.stop = stop.flatMap { $0.byteCount == 0 && $0.fault == nil ? nil : $0 }
  }

  /// All keys that begin with `prefix`, itself included: [prefix, the next prefix).
  ///
  /// A prefix that is empty or all 0xFF has no upper bound.
  public init(prefix: Key) {
    self.init(start: prefix, stop: prefix.nextPrefix)
  }

  /// Every key.
  public static let all = KeyRange(start: Key(), stop: nil)

  /// This range, narrowed to what comes after `key`: the next page forward.
  ///
  /// - Parameters:
  ///   - key: The last key of the page before.
  ///   - longest: The most bytes a key has where this is used (``BackendLimits/keyBytes``): past a key of that
  ///   length the next is no longer one, but the next prefix.
  public func after(_ key: Key, longest: Int = BackendLimits.embedded.keyBytes) -> KeyRange {
    // An invalid bound, the old or the new, stays: the operation says why.
    if start.fault != nil { return self }
    var next = key.successor
    if key.fault == nil && key.byteCount >= longest {
      guard let prefix = key.nextPrefix else { return KeyRange(start: key, stop: key.byteCount == 0 ? nil : key) }
      next = prefix
    }
    return KeyRange(start: next < start && next.fault == nil ? start : next, stop: stop)
  }

  /// This range, narrowed to what comes before `key`: the next page backward.
  public func before(_ key: Key) -> KeyRange {
    if start.fault != nil || stop?.fault != nil { return self }
    // Nothing comes before the empty key; as a stop it would mean "no bound".
    if key.byteCount == 0 && key.fault == nil {
      let zero = Key(rawBytes: [0])
      return KeyRange(start: max(start, zero), stop: zero)
    }
    guard let stop, stop < key, key.fault == nil else { return KeyRange(start: start, stop: key) }
    return self
  }

  /// Whether `key` is in the range.
  public func contains(_ key: Key) -> Bool {
    key >= start && stop.map { key < $0 } ?? true
  }

  /// Whether no key can be in the range; not where a bound is invalid, so that the operation says why.
  public var isEmpty: Bool {
    guard let stop, stop <= start else { return false }
    return stop.fault == nil && start.fault == nil
  }
}

extension Key {
  /// The first key past all that begin with this one: its last byte below 0xFF raised, those after it cut; nil if there
  /// is none.
  var nextPrefix: Key? {
    if fault != nil { return self }
    return unsafe withUnsafeBytes { bytes in
      guard let last = unsafe bytes.lastIndex(where: { $0 != 0xFF }) else { return nil }
      var next = unsafe KeyStorage(UnsafeRawBufferPointer(rebasing: bytes[..<last]))
      unsafe next.append(bytes[last] + 1)
      return Key(next)
    }
  }
}
