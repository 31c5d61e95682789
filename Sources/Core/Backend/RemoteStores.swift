/// The stores that an engine has on another machine, by the ids of their jobs: what files are for an embedded engine.
///
/// An engine with it finds a job again from any machine: nothing in a root directory is needed, and nothing secret is
/// written there. Implemented by adapters, called by ``Persistency``.
public protocol RemoteStores: Sendable {
  /// Every store, by the bytes of its id.
  func all() throws(PersistencyError) -> [RemoteStore]

  /// The store of a job; nil when there is none.
  func find(_ id: String) throws(PersistencyError) -> RemoteStore?

  /// Opens the store of a job, or makes it.
  ///
  /// - Parameters:
  ///   - id: The job's.
  ///   - options: ``StoreOptions/mustExist`` opens only what is there.
  ///   - state: What one that is made begins as, and what one that is there has to be.
  /// - Throws: `.locked` while another has it open for writing, in whatever process, on whatever machine; `.corrupted` when it must exist and does not;
  ///   `.conflict` when it is there in another state.
  func open(
    _ id: String, _ options: StoreOptions, _ state: RemoteStore.State
  ) throws(PersistencyError) -> any KvBackend

  /// Changes, durably and at once for everybody, what became of a store that nobody has open for writing, or this process has.
  ///
  /// - Parameters:
  ///   - id: The job's.
  ///   - state: What it is from now on.
  ///   - successor: The name of the store that takes its place, with ``RemoteStore/State/superseded``.
  /// - Throws: `.locked` while another has it open for writing; `.jobNotFound` when there is none.
  func mark(_ id: String, _ state: RemoteStore.State, successor: String?) throws(PersistencyError)

  /// Removes a store with all its rows; does nothing when there is none.
  ///
  /// - Parameters:
  ///   - id: The job's.
  ///   - states: Those in which it may be removed, looked at when nobody else can change it any more.
  /// - Throws: `.locked` while another has it open for writing; `.conflict` when it is in another state.
  func remove(_ id: String, in states: Set<RemoteStore.State>) throws(PersistencyError)
}

/// Stores that are put into another backend as they are opened (``Engine/wrapping(as:fileSuffix:_:)``).
struct WrappedStores: RemoteStores {
  let stores: any RemoteStores
  let wrap: @Sendable (any KvBackend) -> any KvBackend

  func open(
    _ id: String, _ options: StoreOptions, _ state: RemoteStore.State
  ) throws(PersistencyError) -> any KvBackend { wrap(try stores.open(id, options, state)) }

  func all() throws(PersistencyError) -> [RemoteStore] { try stores.all() }
  func find(_ id: String) throws(PersistencyError) -> RemoteStore? { try stores.find(id) }
  func remove(_ id: String, in states: Set<RemoteStore.State>) throws(PersistencyError) {
    try stores.remove(id, in: states)
  }

  func mark(_ id: String, _ state: RemoteStore.State, successor: String?) throws(PersistencyError) {
    try stores.mark(id, state, successor: successor)
  }
}

/// One store of an engine on another machine.
public struct RemoteStore: Hashable, Sendable {
  /// Where a store is in its life.
  public enum State: String, Hashable, Sendable, CaseIterable {
    /// It is a job's.
    case ready
    /// A copy or a migration fills it; it is no job yet, and made anew when that was cut short.
    case filling
    /// Its rows may be half removed.
    case dropping
    /// The job has moved to another engine; this store is kept until it is discarded.
    case superseded
  }

  /// The job's id.
  public let id: String
  public let state: State
  /// A random name, the same for its whole life.
  public let token: String
  /// Whether somebody has it open for writing.
  public let isOpen: Bool
  /// The name of the store that took its place; nil for one that is in its place.
  public let successor: String?

  public init(id: String, state: State, token: String, isOpen: Bool, successor: String? = nil) {
    self.id = id
    self.state = state
    self.token = token
    self.isOpen = isOpen
    self.successor = successor
  }
}
