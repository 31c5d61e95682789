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
    Iterator(Pages.Iterator(self))
  }

  /// The same rows a page at a time, without an allocation a row: for those who read millions.
  public var pages: Pages { Pages(rows: self) }

  /// One pass over the rows; after it threw, the next call reads the same page again.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline var page = RowPage.empty
    @usableFromInline var position = 0
    private var pages: Pages.Iterator

    init(_ pages: Pages.Iterator) { self.pages = pages }

    /// The next row, or nil at the end.
    ///
    /// - Throws: `.cancelled` between two pages; what reading a page throws.
    @inlinable
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(PersistencyError) -> KvRow? {
      if position < page.count {
        defer { position += 1 }
        return page[position]
      }
      return try await turnPage()
    }

    /// The first row of the next page, or nil after the last.
    @usableFromInline
    mutating func turnPage() async throws(PersistencyError) -> KvRow? {
      // Let go of first: the next page may use its memory.
      page = .empty
      page = try await pages.next(isolation: #isolation) ?? .empty
      position = 1
      return page.count > 0 ? page[0] : nil
    }
  }

  /// ``Rows/pages``.
  public struct Pages: AsyncSequence, Sendable {
    public typealias Element = RowPage
    public typealias Failure = PersistencyError

    let rows: Rows

    public func makeAsyncIterator() -> Iterator { Iterator(rows) }

    /// One pass over the pages; after it threw, the next call reads the same page again.
    public struct Iterator: AsyncIteratorProtocol {
      private let job: Job
      private let category: String
      private var range: KeyRange
      private let reverse: Bool
      private var pace = PagePace()
      private var isAtEnd = false
      /// Of the page before, to be used again once who got it has let go: new memory costs more than what is read into it.
      private var block: RowPage.Block?

      init(_ rows: Rows) {
        job = rows.job
        category = rows.category
        range = rows.range
        reverse = rows.reverse
      }

      /// The next page, with at least one row, or nil at the end.
      ///
      /// - Throws: `.cancelled` between two pages; what reading a page throws.
      public mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(PersistencyError) -> RowPage? {
        if isAtEnd { return nil }
        if Task.isCancelled { throw PersistencyError(.cancelled, "the task was cancelled between two pages") }
        let spare = takeBlock()
        let (page, isLast) = try await job.page(
          category: category, range: range, reverse: reverse, at: &pace, into: spare)
        isAtEnd = isLast
        block = isLast ? nil : page.block
        guard let last = page.lastKey else { return nil }
        range = reverse ? range.before(last) : range.after(last, longest: job.limits.keyBytes)
        return page
      }

      /// The memory of the page before, if nobody else has it.
      private mutating func takeBlock() -> RowPage.Block? {
        guard isKnownUniquelyReferenced(&block) else { return nil }
        defer { block = nil }
        return block
      }
    }
  }
}

extension Job {
  /// The rows of a range, streamed.
  public func rows(category: String, range: KeyRange = .all, reverse: Bool = false) -> Rows {
    Rows(job: self, category: category, range: range, reverse: reverse)
  }

  /// The first rows of a range, at least one if there is any, and whether they are all.
  ///
  /// On the caller's thread while pages come quickly: a hop to another would cost as much as a page. A store that turns out to
  /// be cold, or slow, is read on the reader pool from then on.
  fileprivate func page(
    category: String, range: KeyRange, reverse: Bool, at pace: inout PagePace, into spare: RowPage.Block?
  ) async throws(PersistencyError) -> (page: RowPage, isLast: Bool) {
    let rows = pace.rows
    let read: @Sendable (any KvBackend) throws(PersistencyError) -> (RowPage, Bool, Duration) = {
      backend throws(PersistencyError) in
      let began = ContinuousClock.now
      let (page, isLast) = try RowPage.read(
        rows, category: category, range: range, reverse: reverse, from: backend, into: spare)
      return (page, isLast, ContinuousClock.now - began)
    }
    let (page, isLast, time) = pace.isSlow ? try await long(read) : try await point(read)
    pace.note(time)
    return (page, isLast)
  }
}
