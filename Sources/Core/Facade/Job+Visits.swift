// Visits lend the engine's own bytes: no copy, no allocation a row. They run where they are called, for as long as
// they take; move them off a cooperative thread yourself when that is long.

extension Job {
  /// Lends each row of a range, in key order, from one state, on the caller's thread.
  ///
  /// - Parameters:
  ///   - category: The only one that is looked at.
  ///   - range: The keys; a start at or past the stop gives none.
  ///   - reverse: Gives the rows backwards.
  ///   - visitor: Gets spans that are valid inside its call only; `.stop` ends early. It may read and write this store through no
  ///   async call; what it throws comes out.
  public func visit(
    category: String, range: KeyRange = .all, reverse: Bool = false,
    _ visitor: (_ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) async throws {
    if !queue.isSettled { try await queue.settled() }
    try backend.visit(category: category, range: range, reverse: reverse, visitor)
  }

  /// Lends every row by category bytes, then key bytes, from one state, on the caller's thread.
  public func visitAll(
    _ visitor: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws -> Visit
  ) async throws {
    if !queue.isSettled { try await queue.settled() }
    try backend.visitEverything(visitor)
  }
}
