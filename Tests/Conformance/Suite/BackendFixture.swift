public import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the suite needs to know of an adapter: how its stores are opened, and what it declares.
public struct BackendFixture: Sendable {
  public let name: String
  /// The version of the engine below, for the report.
  public let engineVersion: String
  public let limits: BackendLimits
  /// What is declared is asserted, and what is not is asserted absent.
  public let capabilities: Capabilities
  /// Makes the system calls of its stores fail; without it the checks of that tier do not apply.
  public let faults: FaultInjector?
  /// Opens the one store of `directory`, making it when it is not there; the directory exists.
  public let open: @Sendable (_ directory: String, StoreOptions) throws(PersistencyError) -> any KvBackend
  /// What the tiers start that kill processes; without it their checks do not apply.
  ///
  /// It opens the store with the engine that has the fixture's name.
  public let writer: ChildProgram?
  /// The same stores as an engine that jobs can be on.
  public let engine: Engine
  /// Whether its stores are opened through jobs.
  let face: ConformanceFace

  /// A fixture of stores that are opened in some way of their own.
  public init(
    name: String, engineVersion: String = "", limits: BackendLimits = .embedded, capabilities: Capabilities,
    faults: FaultInjector? = nil, writer: ChildProgram? = nil,
    open: @escaping @Sendable (_ directory: String, StoreOptions) throws(PersistencyError) -> any KvBackend
  ) {
    let engine = Engine(
      name: name, fileSuffix: capabilities.persistent ? ".store" : "", capabilities: capabilities,
      version: engineVersion
    ) { path, options throws(PersistencyError) in
      guard capabilities.persistent else { return try open(Self.parent(of: path), options) }
      if !options.mustExist { try Self.makeFolder(path) }
      return try open(path, options)
    }
    self.init(
      name: name, limits: limits, capabilities: capabilities, engine: engine, face: .raw,
      faults: faults, writer: writer, open: open)
  }

  /// A fixture of an engine; its store is `store` and the engine's suffix, in the directory.
  public init(
    engine: Engine, limits: BackendLimits = .embedded, faults: FaultInjector? = nil, writer: ChildProgram? = nil
  ) {
    self.init(
      name: engine.name, limits: limits, capabilities: engine.capabilities, engine: engine, face: .raw,
      faults: faults, writer: writer,
      open: { directory, options throws(PersistencyError) in
        try engine.open(directory + "/store" + engine.fileSuffix, options)
      })
  }

  private init(
    name: String, limits: BackendLimits, capabilities: Capabilities, engine: Engine, face: ConformanceFace,
    faults: FaultInjector?, writer: ChildProgram?,
    open: @escaping @Sendable (_ directory: String, StoreOptions) throws(PersistencyError) -> any KvBackend
  ) {
    (self.name, self.limits, self.capabilities, self.engine) = (name, limits, capabilities, engine)
    (self.faults, self.writer) = (faults, writer)
    (self.face, self.open, engineVersion) = (face, open, engine.version)
  }

  /// The same stores opened as jobs, with `facade` around each; they offer what a job does.
  func throughJob(
    named name: String? = nil, facade: @escaping @Sendable (any KvBackend) -> any KvBackend = { $0 }
  ) -> BackendFixture {
    var capabilities = self.capabilities
    (capabilities.rawCategories, capabilities.maintenance) = (false, [])
    let engine = self.engine
    return BackendFixture(
      name: name ?? self.name, limits: limits, capabilities: capabilities, engine: engine, face: .job,
      faults: nil, writer: nil,
      open: { directory, options throws(PersistencyError) in
        facade(try JobBackend(engine: engine, directory: directory, options: options))
      })
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  private static func makeFolder(_ path: String) throws(PersistencyError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw PersistencyError(.backend, "cannot make the folder of a store: \(error)")
    }
  }
}

extension BackendFixture: CustomStringConvertible {
  public var description: String { name }
}

extension ConformanceCheck: CustomStringConvertible {
  public var description: String { "\(id): \(rule)" }
}
