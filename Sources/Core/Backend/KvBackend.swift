/// The ordered byte store behind one job: what every engine does, and what the conformance suite proves.
///
/// Any number of threads may read while one writes, and reads nest. Concurrent writers are serialised, not refused.
/// Keys order by their bytes, unsigned; categories never see one another, and none has to be declared. Empty
/// categories, keys and payloads are legal, and an empty payload is not a missing one.
///
/// Every call throws, besides what it says itself: `.closed` after ``close()``; `.invalidArgument`, naming limit and
/// size in bytes, when an argument is over ``limits`` or a key is invalid, before anything is written;
/// `.unsupported` in a child process that inherited the handle by `fork`; `.corrupted` for a damaged store;
/// `.backend` with the engine's code otherwise.
///
/// An adapter's first line in every call asks ``limits`` to check the arguments, its second enters a ``CallGate``.
public protocol KvBackend: AnyObject, Sendable {
  /// The most that a category, key, payload and batch may measure here.
  var limits: BackendLimits { get }

  /// Applies `ops` in order as one transaction: all of them, or none.
  ///
  /// - Parameter ops: Each sees the effect of those before it. Empty does nothing.
  /// - Throws: `.conflict` when an `expect` fails; `.storageFull` for a full disk or map. Nothing is applied then.
  ///   When a sync or commit failed for another reason, the outcome is `.unknown`, and every write until the
  ///   store is reopened throws: it is never retried behind the caller's back.
  /// - Complexity: O(*m* log *n*) for *m* ops on *n* rows, and one commit.
  func applyOps(_ ops: [TxOp]) throws(PersistencyError)

  /// Applies batches in order, each as ``applyOps(_:)`` would and with its own outcome, merged into as few commits as
  /// the engine likes.
  ///
  /// A failed batch leaves no trace and spoils no other; each batch sees those before it that succeeded.
  ///
  /// - Parameters:
  ///   - batches: Each a list of writes; an empty one does nothing.
  ///   - sync: Raises this group to ``Durability/full``, and makes durable everything acknowledged before it.
  /// - Returns: One result a batch, in order.
  func applyGroup(_ batches: [[TxOp]], sync: Bool) -> [Result<Void, PersistencyError>]

  /// Puts rows whose categories are given as bytes, in order, as one transaction.
  ///
  /// How a copy carries over what ``visitAll(_:)`` gave: a category that is not UTF-8 has no ``TxOp`` to name it. The default puts
  /// those that are UTF-8 with ``applyOps(_:)``.
  ///
  /// - Throws: As ``applyOps(_:)``; `.unsupported` by the default, for a category that is not UTF-8.
  func importRows(_ rows: [RawRow]) throws(PersistencyError)

  /// Puts all rows that `next` gives, list by list until it gives nil, in as many transactions as the engine likes.
  ///
  /// How a copy fills its target: the fastest way that the engine has for many rows, which it may have for rows in rising order only.
  /// All are there when the call returns, the later of two rows for one key; while it runs, and after it has thrown, any part of them may
  /// be. The default hands each list to ``importRows(_:)``, in parts of ``BackendLimits/batchOps``.
  ///
  /// - Parameter next: Gives lists that are each within ``limits``, an empty one too; is not called again after nil or an error.
  /// - Throws: As ``importRows(_:)``, and what `next` throws.
  func importAll(_ next: () throws(PersistencyError) -> [RawRow]?) throws(PersistencyError)

  /// The payload of a key, in bytes of its own; nil when it is missing.
  func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]?

  /// Whether the key has a row.
  func existsOne(category: String, key: Key) throws(PersistencyError) -> Bool

  /// Removes a row and says whether it was there, as one atomic step.
  func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool

  /// The rows of a range, in key order, from one state.
  ///
  /// - Parameters:
  ///   - category: The only one that is looked at.
  ///   - range: The keys; a start at or past the stop gives none.
  ///   - reverse: Gives exactly the forward result, backwards, before the limit is taken.
  ///   - limit: At most so many rows; 0 gives none, nil all.
  /// - Throws: `.invalidArgument` for a negative limit.
  /// - Complexity: O(log *n* + rows given).
  func scanRange(category: String, range: KeyRange, reverse: Bool, limit: Int?) throws(PersistencyError) -> [KvRow]

  /// How many rows the range has, in one state.
  func countRange(category: String, range: KeyRange) throws(PersistencyError) -> Int

  /// Lends each row of a range, in key order, from one state: the last committed when the visit began.
  ///
  /// The spans are the engine's own bytes, valid inside the call only: no copy, no allocation a row. The visitor may
  /// call this backend, reads and writes, and may close it: the visit then throws `.closed` at its next row.
  ///
  /// - Parameters:
  ///   - category: The only one that is looked at.
  ///   - range: The keys; a start at or past the stop gives none.
  ///   - reverse: Gives the rows backwards.
  ///   - visit: Returns `.stop` to end early; what it throws ends the visit and is thrown on.
  func visitRange(
    category: String, range: KeyRange, reverse: Bool,
    _ visit: (_ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError)

  /// Lends every row of the store by category bytes, then key bytes, in one state.
  ///
  /// Otherwise as ``visitRange(category:range:reverse:_:)``.
  /// A category that is not UTF-8 (a file of the original may hold one) is visited like any other.
  func visitAll(
    _ visit: (_ category: RawSpan, _ key: RawSpan, _ payload: RawSpan) throws(PersistencyError) -> Visit
  ) throws(PersistencyError)

  /// The categories that have a row, by their bytes.
  ///
  /// - Throws: `.corrupted`, naming it in hexadecimal, when one is not UTF-8.
  /// - Complexity: O(categories × log *n*): it skips from one to the next.
  func categories() throws(PersistencyError) -> [String]

  /// Closes the store: every later call throws `.closed`.
  ///
  /// Idempotent. Waits for the calls in flight on other threads, then frees every descriptor, thread and mapping.
  /// From inside a visit it marks the store closed and returns; the last call out frees everything.
  func close()
}

/// What a visitor wants next.
public enum Visit: Hashable, Sendable {
  case next
  case stop
}
