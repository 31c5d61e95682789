public import PersistencyCore

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

  public init(
    name: String, engineVersion: String = "", limits: BackendLimits = .embedded, capabilities: Capabilities,
    faults: FaultInjector? = nil, writer: ChildProgram? = nil,
    open: @escaping @Sendable (_ directory: String, StoreOptions) throws(PersistencyError) -> any KvBackend
  ) {
    self.name = name
    self.engineVersion = engineVersion
    self.limits = limits
    self.capabilities = capabilities
    self.faults = faults
    self.open = open
    self.writer = writer
  }

  /// A fixture of an engine; its store is `store` and the engine's suffix, in the directory.
  public init(
    engine: Engine, limits: BackendLimits = .embedded, faults: FaultInjector? = nil, writer: ChildProgram? = nil
  ) {
    self.init(
      name: engine.name, engineVersion: engine.version, limits: limits, capabilities: engine.capabilities,
      faults: faults, writer: writer,
      open: { directory, options throws(PersistencyError) in
        try engine.open(directory + "/store" + engine.fileSuffix, options)
      })
  }
}

extension BackendFixture: CustomStringConvertible {
  public var description: String { name }
}

extension ConformanceCheck: CustomStringConvertible {
  public var description: String { "\(id): \(rule)" }
}
