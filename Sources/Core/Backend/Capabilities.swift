/// What an engine can do: the conformance suite asserts all that is declared, and the absence of what is not.
public struct Capabilities: Hashable, Sendable {
  /// Rows outlive the store's closing.
  ///
  /// A store that is not persistent has no file and is empty at each open.
  public var persistent: Bool
  /// The levels that differ here; one that is not in the set is refused at open with `.unsupported`.
  public var durability: Set<Durability>
  /// A second process may open the store read-only while another writes it.
  public var readOnlyBesideWriter: Bool
  /// Other programs may write the file while it is closed (SQLite's format is everybody's), so that it may shrink behind
  /// our back.
  public var openFormat: Bool
  /// ``KvBackend/importRows(_:)`` takes categories that are not UTF-8; without it they are refused with `.unsupported`.
  public var rawCategories: Bool
  /// What of ``KvMaintenance`` it offers.
  public var maintenance: Set<Maintenance>
  /// Lives on another machine: manifest and lock are in its own store.
  public var remote: Bool

  /// One call of ``KvMaintenance``.
  public enum Maintenance: String, Hashable, Sendable, CaseIterable {
    case sizeOnDisk, check, reclaim, backup
  }

  /// The defaults are an embedded engine's that keeps its rows, knows every level, and offers no maintenance.
  public init(
    persistent: Bool = true, durability: Set<Durability> = Set(Durability.allCases),
    readOnlyBesideWriter: Bool = false, openFormat: Bool = false, rawCategories: Bool = false,
    maintenance: Set<Maintenance> = [], remote: Bool = false
  ) {
    self.persistent = persistent
    self.durability = durability
    self.readOnlyBesideWriter = readOnlyBesideWriter
    self.openFormat = openFormat
    self.rawCategories = rawCategories
    self.maintenance = maintenance
    self.remote = remote
  }
}
