// Short forms; each forwards to a requirement.

extension KvBackend {
  /// All rows of the range, forward.
  public func scanRange(category: String, range: KeyRange) throws(PersistencyError) -> [KvRow] {
    try scanRange(category: category, range: range, reverse: false, limit: nil)
  }

  /// All rows of the range, in the direction given.
  public func scanRange(category: String, range: KeyRange, reverse: Bool) throws(PersistencyError) -> [KvRow] {
    try scanRange(category: category, range: range, reverse: reverse, limit: nil)
  }

  /// The first rows of the range, at most `limit`.
  public func scanRange(category: String, range: KeyRange, limit: Int?) throws(PersistencyError) -> [KvRow] {
    try scanRange(category: category, range: range, reverse: false, limit: limit)
  }

  /// The rows whose key begins with `prefix`; an empty prefix gives all.
  public func scanPrefix(
    category: String, prefix: Key, reverse: Bool = false, limit: Int? = nil
  ) throws(PersistencyError) -> [KvRow] {
    try scanRange(category: category, range: KeyRange(prefix: prefix), reverse: reverse, limit: limit)
  }

  /// ``visitRange(category:range:reverse:_:)`` with a visitor that throws errors of its own.
  ///
  /// They come out as they are.
  public func visit(
    category: String, range: KeyRange = .all, reverse: Bool = false,
    _ body: (_ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) throws {
    var thrown: (any Error)?
    try visitRange(category: category, range: range, reverse: reverse) { key, payload throws(PersistencyError) in
      do {
        return try body(key, payload)
      } catch {
        thrown = error
        return .stop
      }
    }
    if let thrown { throw thrown }
  }

  /// ``visitAll(_:)`` with a visitor that throws errors of its own, which come out as they are.
  public func visitEverything(
    _ body: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) throws {
    var thrown: (any Error)?
    try visitAll { category, key, payload throws(PersistencyError) in
      do {
        return try body(category, key, payload)
      } catch {
        thrown = error
        return .stop
      }
    }
    if let thrown { throw thrown }
  }
}

extension Array where Element == UInt8 {
  /// An owned copy of lent bytes.
  @inlinable
  public init(copying span: RawSpan) {
    self = unsafe span.withUnsafeBytes { unsafe Array($0) }
  }
}
