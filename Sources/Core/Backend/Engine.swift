/// A kind of store that jobs can be opened on: `.sqlite`, `.lmdb`, `.rocks`, `.memory`, each from its module, or one
/// of your own around a ``KvBackend``.
public struct Engine: Sendable {
  /// How it is called in code, JSON, the tool and the manifest: a few lower-case letters.
  public let name: String
  /// What follows the job's name on disk, as in `.db`.
  ///
  /// Without a leading dot it gets one; empty for an engine without files.
  public let fileSuffix: String
  /// What it can do.
  public let capabilities: Capabilities
  /// The version of the library below, for reports: "3.40.1"; empty when there is none to tell.
  public let version: String
  /// Whether a file of this name in the store's folder holds no rows, and is made anew when it is missing: a lock, a log
  /// for people.
  ///
  /// What a clean close records of the store's size does not count it.
  public let isExpendable: @Sendable (_ name: String) -> Bool
  /// The stores that it has on another machine, for a root directory; nil for an engine with files.
  ///
  /// Most engines have the same for every root: a job is found again by its id alone.
  public let remote: (@Sendable (_ root: String) -> any RemoteStores)?
  private let opening: @Sendable (String, StoreOptions) throws(PersistencyError) -> any KvBackend

  /// - Parameters:
  ///   - name: As ``name``.
  ///   - fileSuffix: As ``fileSuffix``.
  ///   - capabilities: As ``capabilities``.
  ///   - version: As ``version``.
  ///   - isExpendable: As ``isExpendable``; no file is, by default.
  ///   - remote: As ``remote``; goes with ``Capabilities/remote``.
  ///   - open: Opens the store at `path`, or makes it where ``StoreOptions/mustExist`` allows. The parent folder exists.
  public init(
    name: String, fileSuffix: String, capabilities: Capabilities, version: String = "",
    isExpendable: @escaping @Sendable (_ name: String) -> Bool = { _ in false },
    remote: (@Sendable (_ root: String) -> any RemoteStores)? = nil,
    open: @escaping @Sendable (_ path: String, StoreOptions) throws(PersistencyError) -> any KvBackend
  ) {
    self.name = name
    self.fileSuffix = fileSuffix.isEmpty || fileSuffix.hasPrefix(".") ? fileSuffix : "." + fileSuffix
    self.capabilities = capabilities
    self.version = version
    self.isExpendable = isExpendable
    self.remote = remote
    opening = open
  }

  /// Opens the store at `path` with no job around it.
  ///
  /// - Throws: `.unsupported` for a durability that ``capabilities`` does not list; what the engine's opening throws.
  public func open(_ path: String, _ options: StoreOptions = .init()) throws(PersistencyError) -> any KvBackend {
    try expectOffered(options.durability)
    return try opening(path, options)
  }

  /// This engine with each store that it opens put into another backend: to count, pace or encrypt what passes, say.
  ///
  /// Capabilities, version and ``isExpendable`` are handed on, so that a store closed with one of the two opens with the other. On
  /// another machine, too, its jobs are this engine's unless it has a name of its own.
  ///
  /// - Parameters:
  ///   - name: As ``name``; this engine's when nil.
  ///   - fileSuffix: As ``fileSuffix``; this engine's when nil.
  ///   - wrap: Called once a store, on the thread that opens it.
  public func wrapping(
    as name: String? = nil, fileSuffix: String? = nil,
    _ wrap: @escaping @Sendable (any KvBackend) -> any KvBackend
  ) -> Engine {
    let isApart = name.map { $0 != self.name } ?? false
    let stores = remote.map { remote -> @Sendable (String) -> any RemoteStores in
      { root in WrappedStores(stores: remote(isApart ? root + "/" + (name ?? "") : root), wrap: wrap) }
    }
    return Engine(
      name: name ?? self.name, fileSuffix: fileSuffix ?? self.fileSuffix, capabilities: capabilities, version: version,
      isExpendable: isExpendable, remote: stores
    ) { path, options throws(PersistencyError) in wrap(try self.opening(path, options)) }
  }

  func expectOffered(_ durability: Durability) throws(PersistencyError) {
    if capabilities.durability.contains(durability) { return }
    throw PersistencyError(.unsupported, "engine \(name) does not offer durability .\(durability.rawValue)")
  }
}

extension Engine: CustomStringConvertible {
  public var description: String { name }
}
