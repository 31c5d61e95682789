/// What an operator asks of a store, by the engine's own means.
///
/// ``Capabilities/maintenance`` says which of these an engine offers; the others throw `.unsupported`, which is what
/// the defaults do.
public protocol KvMaintenance: KvBackend {
  /// The bytes its files take on disk, allocated blocks rather than apparent size; 0 in memory.
  func sizeOnDisk() throws(PersistencyError) -> Int

  /// Has the engine examine itself and reports what it finds; a sound store reports nothing.
  ///
  /// - Throws: only when the examination cannot be made.
  /// - Complexity: reads the whole store.
  func check(_ report: (CheckFinding) -> Void) throws(PersistencyError)

  /// Gives unused space back to the file system, in steps between which writers get their turn, for about as long as
  /// `budget`.
  ///
  /// - Parameter budget: Nought or less makes the shortest step that the engine has.
  /// - Returns: Bytes given back, allocated blocks as ``sizeOnDisk()`` counts them; 0 when there was nothing to give back,
  ///   and about, while others write.
  /// - Throws: `.unsupported` when the store was opened read-only; otherwise as a write does.
  func reclaim(budget: Duration) throws(PersistencyError) -> Int

  /// Writes a copy of one state, the last committed when it began, to `path`, while the store is read and written.
  ///
  /// The copy is a store that the engine opens. It is on the disk, with its folder, when the call returns, and
  /// nothing of it is there when the call throws; ``BackupFiles`` sees to that. A store opened read-only can be backed up too.
  ///
  /// - Throws: `.conflict` when something stands at `path`, which is left alone; `.locked` when another backup to it is under
  ///   way; `.storageFull` for the disk of the copy.
  func backup(to path: String) throws(PersistencyError)
}

/// One thing that a ``KvMaintenance/check(_:)`` found wrong.
public struct CheckFinding: Hashable, Sendable {
  /// One sentence, in the engine's terms.
  public let message: String

  public init(_ message: String) { self.message = message }
}

extension KvMaintenance {
  public func sizeOnDisk() throws(PersistencyError) -> Int { throw Self.absent("sizeOnDisk") }
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) { throw Self.absent("check") }
  public func reclaim(budget: Duration) throws(PersistencyError) -> Int { throw Self.absent("reclaim") }
  public func backup(to path: String) throws(PersistencyError) { throw Self.absent("backup") }

  private static func absent(_ call: String) -> PersistencyError {
    PersistencyError(.unsupported, "\(Self.self) does not offer \(call); its capabilities say what it offers")
  }
}
