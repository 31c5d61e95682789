import PersistencyCore

/// How job, category, key and payload become PostgreSQL's rows: one table for all jobs, the job first in its key.
///
/// A table a job would cost 12 ms and four files each; and this is the only shape that spreads over nodes where a server does that.
/// Bytes are `bytea`, which PostgreSQL compares as memcmp does; no text, so no collation.
enum PostgresLayout {
  static let schemaVersion: Int64 = 1

  /// An entry of PostgreSQL's index takes 2,704 bytes at most; category and key share them.
  static let limits = BackendLimits(
    categoryBytes: 255, keyBytes: 2_345, payloadBytes: (16 << 20) - 4_096, batchBytes: 16 << 20, batchOps: 10_000)

  /// Made where they are missing; each command can be repeated.
  static func tables(_ dialect: PostgresOptions.Dialect) -> [String] {
    // Room on the page for the next version of a row that every commit changes.
    let hot = dialect == .postgres ? " WITH (fillfactor=50)" : ""
    return [
      "CREATE TABLE IF NOT EXISTS kv_meta(k text PRIMARY KEY, v bigint NOT NULL)",
      "CREATE TABLE IF NOT EXISTS kv_jobs(job bigint PRIMARY KEY, name bytea NOT NULL UNIQUE, epoch bigint NOT NULL, seq bigint NOT NULL, owner bigint, holder text, state bigint NOT NULL, token text NOT NULL, successor text)\(hot)",
      "CREATE TABLE IF NOT EXISTS kv(job bigint NOT NULL, category bytea NOT NULL, key bytea NOT NULL, payload bytea NOT NULL, PRIMARY KEY(job,category,key))",
      "INSERT INTO kv_meta(k,v) VALUES('schema',\(schemaVersion)) ON CONFLICT DO NOTHING",
    ]
  }

  /// The columns as they have to be, in order: table, name, type.
  static let columns = """
    kv:job:bigint kv:category:bytea kv:key:bytea kv:payload:bytea kv_jobs:job:bigint kv_jobs:name:bytea kv_jobs:epoch:bigint \
    kv_jobs:seq:bigint kv_jobs:owner:bigint kv_jobs:holder:text kv_jobs:state:bigint kv_jobs:token:text \
    kv_jobs:successor:text kv_meta:k:text kv_meta:v:bigint
    """

  static let examination = """
    SELECT coalesce((SELECT string_agg(table_name||':'||column_name||':'||data_type,' ' ORDER BY table_name,ordinal_position) \
    FROM information_schema.columns WHERE table_schema=current_schema() AND table_name IN ('kv','kv_jobs','kv_meta')),'')
    """

  static let version = "SELECT v FROM kv_meta WHERE k='schema'"

  /// The name of a category, which any bytes may be in the table.
  static func name(ofCategory bytes: [UInt8]) throws(PersistencyError) -> String {
    if let name = String(validating: bytes, as: UTF8.self) { return name }
    let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    throw PersistencyError(
      .corrupted, "the store has a category that is not UTF-8: hex:\(hexadecimal); visitAll and copies carry it")
  }
}

/// What the rows of a job's stores are kept under on the server.
struct PostgresName: Hashable, Sendable {
  let bytes: [UInt8]

  private static let (ofJobs, ofPaths): (UInt8, UInt8) = (0, 1)

  /// A job of the facade, found again by its id from any machine.
  static func job(_ id: String, in namespace: String) -> PostgresName {
    PostgresName(bytes: Array(namespace.utf8) + [ofJobs] + Array(id.utf8))
  }

  /// A store opened with no job around it.
  static func path(_ path: String, in namespace: String) -> PostgresName {
    PostgresName(bytes: Array(namespace.utf8) + [ofPaths] + Array(path.utf8))
  }

  /// The first name of a namespace's jobs, and the first past them.
  static func jobs(in namespace: String) -> (from: [UInt8], to: [UInt8]) {
    (Array(namespace.utf8) + [ofJobs], Array(namespace.utf8) + [ofPaths])
  }

  /// The id of a job of the namespace.
  static func id(_ name: UnsafeRawBufferPointer, in namespace: String) -> String? {
    String(validating: name.dropFirst(namespace.utf8.count + 1), as: UTF8.self)
  }
}
