/// What an acknowledged batch survives; the same words, by outcome, on every engine.
///
/// All three survive the death of the process (`kill -9`).
public enum Durability: String, Hashable, Sendable, CaseIterable {
  /// Every acknowledged batch survives a power loss.
  case full
  /// After a power loss the store opens undamaged; the last moments may be missing.
  case consistent
  /// After a power loss the store comes back empty, never damaged.
  case volatile
}

/// What a store is opened for.
public enum StoreAccess: String, Hashable, Sendable, CaseIterable {
  case readWrite
  /// Writes throw `.unsupported`; where the engine can, beside a writer in another process.
  case readOnly
}

/// How an engine opens a store.
public struct StoreOptions: Hashable, Sendable {
  /// What its acknowledged batches survive.
  public var durability: Durability
  /// Whether it may be written.
  public var access: StoreAccess
  /// The store was made before: when its files are missing or emptied, opening throws `.corrupted` instead of making
  /// a fresh one.
  public var mustExist: Bool

  /// By default a store is opened for writing, at `.consistent`, and made where there is none.
  public init(durability: Durability = .consistent, access: StoreAccess = .readWrite, mustExist: Bool = false) {
    self.durability = durability
    self.access = access
    self.mustExist = mustExist
  }
}
