/// What can be set about PostgreSQL beyond `StoreOptions` and the connection string; the defaults suit nearly everyone.
public struct PostgresOptions: Hashable, Sendable {
  /// Which server speaks PostgreSQL's protocol.
  public enum Dialect: String, Hashable, Sendable, CaseIterable {
    /// PostgreSQL itself, and what is built of it.
    case postgres
    /// CockroachDB, YugabyteDB and others: only SQL that all of them have. Untested.
    ///
    /// Without session locks nobody can tell whether a job's writer lives: after one that died, the next has to ask for
    /// ``PostgresOptions/fencesWriter``.
    case portable
  }

  /// How long a call may take, with every attempt to reach the server again, before it throws `.timeout`.
  public var deadline: Duration
  /// How long a connection may take to be made, for each host that the connection string names; whole seconds, 2 at least.
  public var connectTimeout: Duration
  /// How many connections the reads of all jobs of the engine share.
  ///
  /// A commit under way takes one beside them (64 at a time at most), and so does a visit or a read inside a visit: they never wait for
  /// what a visit holds.
  public var connections: Int
  /// How many of them stay open while nobody uses them.
  public var idleConnections: Int
  /// Opening for writing takes the job away from whoever has it, even if that one lives: its next write fails with `.locked`.
  ///
  /// For a writer that is lost for good, and whose server does not know it yet.
  public var fencesWriter: Bool
  /// Jobs of different namespaces share nothing, though they may share a database and an id.
  public var namespace: String
  /// Whether each root directory has jobs of its own on the server.
  ///
  /// Not by default: a job is the same job from whatever machine and root it is opened.
  public var isolatesRoots: Bool
  /// Which server it is.
  public var dialect: Dialect
  /// Whether the first job opened for writing at `.full` logs a warning, under `persistency`, where the server has no `synchronous_standby_names`: what is
  /// acknowledged is on one machine only then, and a failover loses what its standbys had not received.
  public var warnsWithoutStandby: Bool

  public init(
    deadline: Duration = .seconds(30), connectTimeout: Duration = .seconds(3), connections: Int = 16,
    idleConnections: Int = 4, fencesWriter: Bool = false, namespace: String = "", isolatesRoots: Bool = false,
    dialect: Dialect = .postgres, warnsWithoutStandby: Bool = true
  ) {
    self.deadline = deadline
    self.connectTimeout = connectTimeout
    self.connections = connections
    self.idleConnections = idleConnections
    self.fencesWriter = fencesWriter
    self.namespace = namespace
    self.isolatesRoots = isolatesRoots
    self.dialect = dialect
    self.warnsWithoutStandby = warnsWithoutStandby
  }
}
