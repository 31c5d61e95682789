/// What the server said, or became of the link to it; `PostgresError` makes a `PersistencyError` of it at the adapter's edge.
struct PostgresFailure: Error {
  enum Cause {
    /// The server refused something and said so.
    case server
    /// The link is gone, or never came about.
    case link
    /// No answer within the deadline; the connection is given up.
    case deadline
    /// The server is behind what this process knows of a job: another host may be the primary.
    case behind
  }

  var cause: Cause
  /// SQLSTATE, five characters; empty where the server said nothing.
  var state: String
  /// In the words of server or libpq.
  var text: String
  /// Which of the commands of its exchange failed; nil when that is not known.
  var command: Int?

  init(_ cause: Cause, state: String = "", _ text: String, command: Int? = nil) {
    self.cause = cause
    self.state = state
    self.text = text
    self.command = command
  }

  /// Whether the whole transaction may be run again as it is.
  var isTransient: Bool { cause == .server && ["40001", "40P01", "55P03"].contains(state) }

  /// Whether the server is not there for the moment: another connection may find it, or its successor.
  var isLinkLost: Bool {
    if cause == .link { return !isRefusal }
    return state.hasPrefix("08") || ["57P01", "57P02", "57P03", "25006", "53300"].contains(state)
  }

  /// Whether trying again is of no use: the connection string or the server has to change.
  var isRefusal: Bool {
    state.hasPrefix("28") || state == "3D000" || state == "42501" || text.contains("certificate")
      || text.contains("could not translate host name") || text.contains("SSL was required")
      || text.contains("password authentication failed") || text.contains("no pg_hba.conf entry")
      || text.contains("does not exist") || text.contains("root certificate file")
      || text.contains("no password supplied")
  }
}
