import Logging
import PersistencyCore

extension PostgresServer {
  private static let log = Logger(label: "persistency")

  /// Says once, where `.full` is asked for, that a commit waits for no other machine; what cannot be asked now is asked again later.
  func warnWithoutStandby() {
    guard options.warnsWithoutStandby, options.dialect == .postgres else { return }
    let names = hasLookedForStandby.withLockIfAvailable { hasLooked -> String? in
      if hasLooked { return nil }
      let names = try? once(until: deadline) { connection throws(PostgresFailure) in
        try connection.send(once: "SELECT current_setting('synchronous_standby_names')")
        return try connection.last(of: connection.answers(until: deadline)).text(0, 0)
      }
      hasLooked = names != nil
      return names
    }
    guard case .some(.some(let names)) = names, names.allSatisfy({ $0 == " " }) else { return }
    Self.log.warning(
      "the server has no synchronous standby: what is acknowledged at .full is on its disk alone, and a failover may lose it; set synchronous_standby_names, or PostgresOptions.warnsWithoutStandby to false",
      metadata: ["place": "\(settings.place)"])
  }
}
