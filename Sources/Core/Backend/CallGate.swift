public import Synchronization

/// Counts the calls inside a store, so that it is freed once, after the last of them.
///
/// The shared answer to three rules: every call after `close()` throws `.closed`; `close()` waits for the calls in
/// flight on other threads; from inside a visit it does not wait, and the last call out frees everything. An adapter
/// enters before it touches a handle and leaves after. Entering and leaving cost two atomic additions.
public final class CallGate: Sendable {
  /// The number of calls inside, and the closed bit.
  @usableFromInline let state = Atomic<Int>(0)
  @usableFromInline let fork: ForkGuard
  private let free: @Sendable () -> Void
  private let freed = Atomic<Bool>(false)
  private let monitor = Monitor()
  /// The threads inside a visit, with how many: only they may find themselves closing what they use.
  private let visits = Locked<[UInt: Int]>([:])

  @usableFromInline static var closedBit: Int { 1 << 62 }

  /// - Parameter free: Frees the store's handles; called once, when the gate is closed and nobody is inside.
  public init(free: @escaping @Sendable () -> Void) {
    fork = ForkGuard()
    self.free = free
  }

  /// Begins a call.
  ///
  /// - Throws: `.closed` after ``close()``, `.unsupported` in a forked child. Then there is nothing to leave.
  @inlinable
  public func enter() throws(PersistencyError) {
    if fork.isForked { throw Self.forked }
    if state.add(1, ordering: .acquiring).oldValue & Self.closedBit != 0 {
      leave()
      throw Self.closed
    }
  }

  /// Ends a call.
  @inlinable
  public func leave() {
    if state.subtract(1, ordering: .acquiringAndReleasing).newValue == Self.closedBit { freeOnce() }
  }

  /// Begins a call that runs the caller's code; between its rows it asks ``checkOpen()``.
  public func enterVisit() throws(PersistencyError) {
    try enter()
    let thread = currentThreadID
    visits.withLock { $0[thread, default: 0] += 1 }
  }

  /// Ends a call that ``enterVisit()`` began, on the same thread.
  public func leaveVisit() {
    let thread = currentThreadID
    visits.withLock { visits in
      visits[thread] = visits[thread].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
    leave()
  }

  /// Whether ``close()`` was called.
  @inlinable public var isClosed: Bool { state.load(ordering: .relaxed) & Self.closedBit != 0 }

  /// - Throws: `.closed` after ``close()``: a visit ends at its next row.
  @inlinable
  public func checkOpen() throws(PersistencyError) {
    if isClosed { throw Self.closed }
  }

  /// Whether the calling thread is inside a visit.
  public var isVisiting: Bool {
    let thread = currentThreadID
    return visits.withLock { $0[thread] != nil }
  }

  /// Refuses new calls, waits for those on other threads, and frees; idempotent.
  ///
  /// From inside a visit it returns at once, and the last call out frees.
  /// In a forked child it does nothing: the handles are the parent's.
  public func close() {
    if fork.isForked { return }
    if state.bitwiseOr(Self.closedBit, ordering: .acquiringAndReleasing).newValue == Self.closedBit { freeOnce() }
    if isVisiting { return }
    monitor.withLock {
      while !freed.load(ordering: .acquiring) { monitor.wait() }
    }
  }

  @usableFromInline
  func freeOnce() {
    // A late caller may bring the count to nought again; only the first frees.
    guard freeing.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
      return
    }
    free()
    monitor.withLock {
      freed.store(true, ordering: .releasing)
      monitor.broadcast()
    }
  }

  private let freeing = Atomic<Bool>(false)

  @usableFromInline static var closed: PersistencyError {
    PersistencyError(.closed, "the store is closed; open it again")
  }

  @usableFromInline static var forked: PersistencyError {
    PersistencyError(
      .unsupported, "the store was opened before fork(); use it in the parent, or from a program of its own (exec)")
  }
}
