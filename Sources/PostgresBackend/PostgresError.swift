import PersistencyCore

/// From SQLSTATE to `PersistencyError`.
///
/// | SQLSTATE or sign | here |
/// |---|---|
/// | `53100`, `53200` | `.storageFull` |
/// | `57014`, no answer within the deadline, `53300`, the link lost until the deadline | `.timeout` |
/// | `28…`, `3D000`, a certificate, an unknown host | `.invalidArgument` |
/// | a server that is behind what this process knows | `.corrupted` |
/// | `42P01`, `42703`, `42P10`, `42804`, `XX001`, `XX002` | `.corrupted`: the tables were altered, or are damaged |
/// | `25006`, `42501` | `.unsupported` |
/// | `54000` | `.invalidArgument` |
/// | all else | `.backend` |
///
/// `backendCode` is the SQLSTATE read as a number of base 36.
enum PostgresError {
  static func error(
    _ failure: PostgresFailure, _ action: String, _ settings: PostgresSettings,
    outcome: PersistencyError.Outcome = .notApplied
  ) -> PersistencyError {
    let (kind, remedy) = kind(failure)
    let text = settings.redacted(failure.text.split(separator: "\n").joined(separator: " "))
    let state = failure.state.isEmpty ? "" : " (SQLSTATE \(failure.state))"
    return PersistencyError(
      kind, "\(action), \(settings.place): \(text)\(state)\(remedy)",
      backendCode: failure.state.isEmpty ? nil : Int(failure.state, radix: 36), outcome: outcome)
  }

  private static func kind(_ failure: PostgresFailure) -> (PersistencyError.Kind, String) {
    // Its words are whole.
    if failure.cause == .behind { return (.corrupted, "") }
    if failure.cause == .deadline, failure.state != "53300" {
      return (.timeout, "; try again, or raise PostgresOptions.deadline")
    }
    switch failure.state {
    case "53100", "53200": return (.storageFull, "; make room on the server and call again")
    case "57014": return (.timeout, "; it was cancelled on the server, or ran out of time")
    case "53300": return (.timeout, "; raise max_connections there, or lower PostgresOptions.connections")
    case "42P01", "42703", "42P10", "42804", "XX001", "XX002":
      return (.corrupted, "; its tables were altered or are damaged: restore them")
    case "25006": return (.unsupported, "; the server takes no writes: connect to the primary")
    case "42501": return (.unsupported, "; give the user the right to it")
    case "54000": return (.invalidArgument, "; use shorter keys")
    default: break
    }
    if failure.isRefusal { return (.invalidArgument, "; put the connection string right") }
    if failure.text.contains("session is read-only") || failure.text.contains("hot standby mode")
      || failure.text.contains("read-write")
    {
      return (.unsupported, "; the server takes no writes: connect to the primary")
    }
    if failure.cause == .link { return (.backend, "; see that the server runs and can be reached") }
    return (.backend, "")
  }
}
