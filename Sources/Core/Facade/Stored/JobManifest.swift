#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What stands beside a store, in `<name>.job`: whose it is, on which engine, and how it was left.
///
/// Always replaced whole and durably (``FileSystem/replace(_:with:)``), so that it is never half written.
struct JobManifest: Codable, Sendable {
  /// Where the store is in its life; each step is durable before the next begins.
  enum State: String, Codable, Sendable {
    /// The store may be half made: it is made anew.
    case creating
    case ready
    /// Its files may be half removed: the removal is finished.
    case dropping
  }

  static let currentFormat = 1
  static let currentKeyCodec = 1

  /// The layout of this file and of the store's files.
  var format = currentFormat
  /// The encoding of typed key parts.
  var keyCodec = currentKeyCodec
  var id: String
  var engine: String
  /// A random name of the store, the same for its whole life.
  var store: String
  var createdBy: String
  var state: State
  /// The level it was last opened at.
  var durability: String
  /// The boot that the store was last opened for writing in; nil when none could be read.
  var boot: String?
  /// What the last close left; nil from opening for writing until then.
  var clean: CleanClose?
  /// The job that a copy is being made of, while it is `creating`: made again, the copy goes on where it was.
  var origin: String?
  /// The store that a migration fills beside this one; until it is complete this one is the job.
  var migration: OtherStore?
  /// The store whose place a migration took, kept until it is discarded.
  var superseded: OtherStore?

  /// A compacted copy stands beside the store and is to take its place; nil and false are the same.
  var isCompacted: Bool?

  /// Whether it speaks for more than the job's own store.
  var hasOtherStores: Bool { migration != nil || superseded != nil }

  struct CleanClose: Codable, Sendable {
    /// The lengths of the files that hold rows together; nil in a record of before they were told from others, with which
    /// nothing can be compared.
    var dataBytes: Int?
  }

  /// A store of the job that is not the job's now, on another engine.
  struct OtherStore: Codable, Sendable {
    var engine: String
    /// Its random name.
    var store: String
    /// The boot that it was last written in.
    var boot: String?
  }

  init(id: JobID, engine: String, state: State, durability: Durability) throws(PersistencyError) {
    boot = try bootIdentifier()
    self.id = id.text
    self.engine = engine
    self.state = state
    self.durability = durability.rawValue
    store = Self.newStoreName()
    createdBy = "Persistency \(Persistency.version)"
  }

  static func newStoreName() -> String { UUID().uuidString }

  /// Reads the manifest at `path`; nil when there is none.
  ///
  /// - Throws: `.unsupported` for a newer format, `.corrupted` for what is no manifest.
  static func read(_ path: String) throws(PersistencyError) -> JobManifest? {
    guard let bytes = try FileSystem.read(path) else { return nil }
    return try decoded(bytes, path)
  }

  /// The manifest that these bytes of `path` are.
  static func decoded(_ bytes: [UInt8], _ path: String) throws(PersistencyError) -> JobManifest {
    struct Version: Codable {
      var format: Int
      var keyCodec: Int
    }
    do {
      let data = Data(bytes)
      let version = try JSONDecoder().decode(Version.self, from: data)
      guard version.format <= currentFormat, version.keyCodec <= currentKeyCodec else {
        throw PersistencyError(
          .unsupported,
          "\(path) has format \(version.format) and key codec \(version.keyCodec), newer than this library's \(currentFormat) and \(currentKeyCodec); use a version of Persistency that knows them"
        )
      }
      return try JSONDecoder().decode(JobManifest.self, from: data)
    } catch let error as PersistencyError {
      throw error
    } catch {
      throw PersistencyError(.corrupted, "\(path) is no job manifest; restore it from a backup: \(error)")
    }
  }

  func write(to path: String) throws(PersistencyError) {
    try FileSystem.replace(path, with: try encoded(compact: false))
  }

  /// Writes over the manifest in the blocks that it has, where a full disk has no others.
  ///
  /// Without the pretty form it is shorter than what is there, and it lies in one block.
  func overwrite(_ path: String) throws(PersistencyError) {
    try FileSystem.overwrite(path, with: try encoded(compact: true))
  }

  func encoded(compact: Bool) throws(PersistencyError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = compact ? [.sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .prettyPrinted]
    do {
      return Array(try encoder.encode(self))
    } catch {
      throw PersistencyError(.backend, "cannot encode the manifest of job “\(id)”: \(error)")
    }
  }
}
