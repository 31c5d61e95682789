public import PersistencyCore
import Synchronization

/// Another library that does the same workloads on the same engine, as a layer beside ours.
public struct Peer: Sendable {
  /// What it is given: the run's sizes and durability.
  public struct Terms: Sendable {
    public let keySize: Int
    public let payloadSize: Int
    public let durability: Durability
    /// SQLite's page cache, a connection.
    public let cacheBytes: Int
    /// SQLite's pages of log between two checkpoints.
    public let checkpointPages: Int

    /// The one that all rows are in.
    public static var category: String { Settings.category }
  }

  let layer: Layer
  let engine: EngineChoice
  let open: @Sendable (_ folder: String, Terms) async throws -> any Subject

  /// GRDB, on SQLite.
  public static func grdb(_ open: @escaping @Sendable (String, Terms) async throws -> any Subject) -> Peer {
    Peer(layer: .grdb, engine: .sqlite, open: open)
  }

  /// A `SortedDictionary` of swift-collections, in memory.
  public static func sortedDictionary(
    _ open: @escaping @Sendable (String, Terms) async throws -> any Subject
  ) -> Peer {
    Peer(layer: .sortedDictionary, engine: .memory, open: open)
  }

  private static let registered = Mutex<[Peer]>([])

  static var all: [Peer] { registered.withLock { $0 } }
  static func register(_ peers: [Peer]) { registered.withLock { $0 = peers } }
}
