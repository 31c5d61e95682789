import CPersistencyPostgres
import PersistencyCore

/// A connection string, taken apart, with what we add where it says nothing.
///
/// The password is in here and goes nowhere but to libpq.
struct PostgresSettings: Sendable {
  private(set) var values: [(name: String, value: String)] = []
  private var password = ""

  /// - Throws: `.invalidArgument` for what is no connection string, naming the option that is wrong and nothing else of it.
  init(_ connection: String, _ options: PostgresOptions) throws(PersistencyError) {
    if connection.utf8.contains(0) { throw Self.unreadable("it holds a NUL") }
    var text: UnsafeMutablePointer<CChar>?
    let parsed = PQconninfoParse(connection, &text)
    defer { if let text { PQfreemem(text) } }
    guard let parsed else { throw Self.unreadable(Self.harmless(text.map { String(cString: $0) } ?? "")) }
    defer { PQconninfoFree(parsed) }
    var option = parsed
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        set(String(cString: keyword), String(cString: value))
      }
      option += 1
    }
    password = value("password") ?? ""
    addDefaults(options)
  }

  private mutating func addDefaults(_ options: PostgresOptions) {
    let seconds = max(2, Int(clamping: options.connectTimeout.components.seconds))
    let defaults = [
      ("connect_timeout", "\(seconds)"), ("keepalives", "1"), ("keepalives_idle", "1"), ("keepalives_interval", "1"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "3000"), ("application_name", "persistency"),
      ("client_encoding", "UTF8"),
    ]
    for (name, value) in defaults where self.value(name) == nil { set(name, value) }
    // What leaves this machine is encrypted, and goes to whom the certificate names.
    if value("sslmode") == nil, !isLocal { set("sslmode", "verify-full") }
  }

  /// Whether all hosts are this machine.
  var isLocal: Bool {
    let hosts = value("host") ?? ""
    let addresses = value("hostaddr") ?? ""
    return (hosts.split(separator: ",") + addresses.split(separator: ",")).allSatisfy { host in
      host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host.hasPrefix("127.") || host == "::1"
    }
  }

  /// Where it leads, for messages: hosts and database, nothing secret.
  var place: String {
    let host = value("host") ?? value("hostaddr") ?? "the local socket"
    return "database \(value("dbname") ?? value("user") ?? "(default)") on \(host)"
  }

  func value(_ name: String) -> String? { values.first { $0.name == name }?.value }

  private mutating func set(_ name: String, _ value: String) {
    values.removeAll { $0.name == name }
    values.append((name, value))
  }

  /// For connections that write: a standby is passed over.
  var forWriting: [(name: String, value: String)] {
    value("target_session_attrs") == nil ? values + [("target_session_attrs", "read-write")] : values
  }

  /// A message of libpq or the server without the password, should it be in there.
  func redacted(_ text: String) -> String {
    guard password.utf8.count > 2 else { return text }
    return text.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
  }

  /// libpq's words where they name an option; others quote what may be a password.
  private static func harmless(_ text: String) -> String {
    let text = text.split(separator: "\n").joined(separator: " ")
    return text.hasPrefix("invalid connection option") || text.hasPrefix("invalid URI query parameter")
      ? text
      : "it has the form key=value key=value, with quotes around values with spaces, or postgresql://user@host/database"
  }

  private static func unreadable(_ reason: String) -> PersistencyError {
    PersistencyError(.invalidArgument, "the connection string of PostgreSQL cannot be read: \(reason)")
  }
}
