import Testing

@testable import PersistencyPostgres

/// What the server says, of whatever went wrong, and which kind of error that is: many of it no test can bring about.
@Suite("Each error of PostgreSQL has its kind, its code and a remedy")
struct PostgresErrorTests {
  typealias Kind = PersistencyError.Kind
  typealias Cause = PostgresFailure.Cause

  private static let secret = "hunter2secret"

  private func settings(_ rest: String = "") throws -> PostgresSettings {
    try PostgresSettings("host=/nowhere dbname=kv user=u password=\(Self.secret) \(rest)", PostgresOptions())
  }

  @Test(
    "by SQLSTATE",
    arguments: [
      (.server, "53100", .storageFull, "make room"), (.server, "53200", .storageFull, "make room"),
      (.server, "57014", .timeout, "cancelled on the server"), (.server, "53300", .timeout, "max_connections"),
      (.deadline, "53300", .timeout, "max_connections"), (.deadline, "57P03", .timeout, "PostgresOptions.deadline"),
      (.server, "42P01", .corrupted, "restore"), (.server, "42703", .corrupted, "restore"),
      (.server, "42P10", .corrupted, "restore"), (.server, "42804", .corrupted, "restore"),
      (.server, "XX001", .corrupted, "restore"), (.server, "XX002", .corrupted, "restore"),
      (.server, "25006", .unsupported, "primary"), (.server, "42501", .unsupported, "give the user the right"),
      (.server, "54000", .invalidArgument, "shorter keys"), (.link, "28P01", .invalidArgument, "connection string"),
      (.link, "28000", .invalidArgument, "connection string"), (.link, "3D000", .invalidArgument, "connection string"),
      (.link, "57P03", .backend, "can be reached"), (.server, "XX000", .backend, "its words"),
      (.server, "40001", .backend, "its words"),
    ] as [(Cause, String, Kind, String)])
  func states(_ cause: Cause, _ state: String, _ kind: Kind, _ remedy: String) throws {
    let failure = PostgresFailure(cause, state: state, "its words, of \(Self.secret)\nand more")
    for outcome in [PersistencyError.Outcome.notApplied, .unknown] {
      let error = PostgresError.error(failure, "opening x", try settings(), outcome: outcome)
      #expect(error.kind == kind && error.outcome == outcome, "\(error)")
      #expect(error.backendCode == Int(state, radix: 36))
      #expect(error.message.hasPrefix("opening x, database kv on /nowhere: its words, of *** and more"), "\(error)")
      #expect(error.message.contains("SQLSTATE \(state)") && error.message.contains(remedy), "\(error)")
    }
  }

  @Test(
    "by libpq's words, which come without a state",
    arguments: [
      (.link, "server certificate for \"x\" does not match host name \"y\"", .invalidArgument, "connection string"),
      (.link, "could not translate host name \"x\" to address", .invalidArgument, "connection string"),
      (.link, "server does not support SSL, but SSL was required", .invalidArgument, "connection string"),
      (.link, "FATAL: no pg_hba.conf entry for host", .invalidArgument, "connection string"),
      (.link, "root certificate file \"x\" does not exist", .invalidArgument, "connection string"),
      (.link, "fe_sendauth: no password supplied", .invalidArgument, "connection string"),
      (.link, "session is read-only", .unsupported, "primary"),
      (.link, "server is in hot standby mode", .unsupported, "primary"),
      (.link, "Connection refused", .backend, "can be reached"),
      (.deadline, "no answer in time", .timeout, "try again"),
    ] as [(Cause, String, Kind, String)])
  func words(_ cause: Cause, _ text: String, _ kind: Kind, _ remedy: String) throws {
    let error = PostgresError.error(PostgresFailure(cause, text), "opening x", try settings())
    #expect(error.kind == kind && error.backendCode == nil, "\(error)")
    #expect(error.message.contains(text) && error.message.contains(remedy), "\(error)")
    #expect(!error.message.contains("SQLSTATE"))
  }

  @Test("what may be done again at once, what on another connection, and what never")
  func again() {
    for state in ["40001", "40P01", "55P03"] {
      #expect(PostgresFailure(.server, state: state, "").isTransient)
      #expect(!PostgresFailure(.link, state: state, "").isTransient)
    }
    for state in ["08006", "08P01", "57P01", "57P02", "57P03", "25006", "53300"] {
      #expect(PostgresFailure(.server, state: state, "").isLinkLost, "\(state)")
    }
    #expect(PostgresFailure(.link, "Connection refused").isLinkLost)
    for state in ["28P01", "28000", "3D000", "42501"] {
      #expect(!PostgresFailure(.link, state: state, "").isLinkLost, "\(state)")
      #expect(PostgresFailure(.link, state: state, "").isRefusal, "\(state)")
    }
    for state in ["42P01", "57014", "53100", "23505"] {
      let failure = PostgresFailure(.server, state: state, "")
      #expect(!failure.isLinkLost && !failure.isTransient && !failure.isRefusal, "\(state)")
    }
  }

  @Test("a place names hosts and database, and encryption is asked for off this machine only")
  func places() throws {
    func settings(_ connection: String) throws -> PostgresSettings {
      try PostgresSettings(connection, PostgresOptions(connectTimeout: .milliseconds(100)))
    }
    let local = try settings("host=/run,localhost,127.0.0.2,::1,@kv user=u")
    #expect(local.isLocal && local.value("sslmode") != "verify-full")
    #expect(local.place == "database u on /run,localhost,127.0.0.2,::1,@kv")
    // Seconds, and libpq takes 2 at least.
    #expect(local.value("connect_timeout") == "2")
    let far = try settings("hostaddr=10.0.0.1 dbname=kv")
    #expect(!far.isLocal && far.value("sslmode") == "verify-full" && far.place == "database kv on 10.0.0.1")
    let own = try settings("postgresql://u@db1,db2/kv?sslmode=require&target_session_attrs=any&connect_timeout=9")
    #expect(own.value("sslmode") == "require" && own.value("connect_timeout") == "9")
    #expect(own.forWriting.filter { $0.name == "target_session_attrs" }.map(\.value) == ["any"])
    #expect(local.forWriting.filter { $0.name == "target_session_attrs" }.map(\.value) == ["read-write"])
    #expect(own.place == "database kv on db1,db2")
    // Nothing is hidden where there is nothing to hide.
    #expect(local.redacted("a b") == "a b")
  }
}
