/// The rows of a range as an asynchronous sequence, in bounded memory at the consumer's pace.
///
/// Read in pages of at most 1,000 rows or 256 KiB, each page from one state: no row twice or out of order; a row untouched
/// throughout is always given, one written meanwhile may or may not be.
public struct Rows: AsyncSequence, Sendable {
  public typealias Element = KvRow
  public typealias Failure = PersistencyError

  let job: Job
  let category: String
  let range: KeyRange
  let reverse: Bool

  public func makeAsyncIterator() -> Iterator {
    Iterator(job: job, category: category, range: range, reverse: reverse)
  }

  /// One pass over the rows; after it threw, the next call reads the same page again.
  public struct Iterator: AsyncIteratorProtocol {
    let job: Job
    let category: String
    var range: KeyRange
    let reverse: Bool
    private var page: [KvRow] = []
    private var position = 0
    private var isLastPage = false

    init(job: Job, category: String, range: KeyRange, reverse: Bool) {
      self.job = job
      self.category = category
      self.range = range
      self.reverse = reverse
    }

    /// The next row, or nil at the end.
    ///
    /// - Throws: `.cancelled` between two pages; what reading a page throws.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(PersistencyError) -> KvRow? {
      if position == page.count {
        guard try await turnPage() else { return nil }
      }
      defer { position += 1 }
      return page[position]
    }

    private mutating func turnPage() async throws(PersistencyError) -> Bool {
      if isLastPage { return false }
      if Task.isCancelled { throw PersistencyError(.cancelled, "the task was cancelled between two pages") }
      if let last = page.last {
        range = reverse ? range.before(last.key) : range.after(last.key, longest: job.limits.keyBytes)
      }
      (page, isLastPage) = try await job.page(category: category, range: range, reverse: reverse)
      position = 0
      return !page.isEmpty
    }
  }
}

extension Job {
  /// The rows of a range, streamed.
  public func rows(category: String, range: KeyRange = .all, reverse: Bool = false) -> Rows {
    Rows(job: self, category: category, range: range, reverse: reverse)
  }

  fileprivate static var pageRows: Int { 1_000 }
  fileprivate static var pageBytes: Int { 256 << 10 }

  /// The first rows of a range, at least one if there is any, and whether they are all.
  func page(
    category: String, range: KeyRange, reverse: Bool
  ) async throws(PersistencyError) -> (rows: [KvRow], isLast: Bool) {
    try await long { backend throws(PersistencyError) in
      var rows: [KvRow] = []
      var bytes = 0
      var isLast = true
      try backend.visitRange(category: category, range: range, reverse: reverse) {
        key, payload throws(PersistencyError) in
        bytes += key.byteCount + payload.byteCount
        guard rows.isEmpty || (rows.count < Self.pageRows && bytes <= Self.pageBytes) else {
          isLast = false
          return .stop
        }
        rows.append(KvRow(key: Key(copying: key), payload: [UInt8](copying: payload)))
        return .next
      }
      return (rows, isLast)
    }
  }
}
