import PersistencyCore

/// How rows lie in the file: one table of three BLOB columns, clustered by category and key.
///
/// The schema text, version and identifiers are those of the files written before this library, and are fixed.
enum SQLiteLayout {
  static let schema = """
    CREATE TABLE kv (
          category BLOB NOT NULL,
          key      BLOB NOT NULL,
          payload  BLOB NOT NULL,
          PRIMARY KEY (category, key)
        ) WITHOUT ROWID
    """
  static let version = 1
  static let applicationID = 0
  static let pageBytes = 4_096

  /// Whether `sql` makes this table, however it is spaced, cased and quoted.
  static func isSchema(_ sql: String) -> Bool { canonical(sql) == canonical(schema) }

  /// The text of a category's bytes.
  ///
  /// - Throws: `.corrupted`, with the bytes in hexadecimal, when they are not UTF-8.
  static func name(ofCategory bytes: [UInt8]) throws(PersistencyError) -> String {
    if let name = String(validating: bytes, as: UTF8.self) { return name }
    let digits = Array("0123456789abcdef".utf8)
    let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    throw PersistencyError(
      .corrupted, "a category is not UTF-8: hex \(String(decoding: hex, as: UTF8.self)); only visitAll gives its rows")
  }

  private static func canonical(_ sql: String) -> [UInt8] {
    sql.utf8.compactMap { byte in
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): nil
      case UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "["), UInt8(ascii: "]"): nil
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      default: byte
      }
    }
  }
}

/// The statements that each connection prepares once, when it first needs them.
enum Query: Int, CaseIterable {
  case get, exists, put, delete, deleteFrom, deleteBetween
  case countFrom, countBetween, forwardFrom, forwardBetween, backwardFrom, backwardBetween
  case everything, categories, schema
  case begin, beginImmediate, commit, rollback

  var sql: String {
    switch self {
    case .get: "SELECT payload FROM kv WHERE category = ?1 AND key = ?2"
    case .exists: "SELECT 1 FROM kv WHERE category = ?1 AND key = ?2"
    case .put:
      "INSERT INTO kv (category, key, payload) VALUES (?1, ?2, ?3) "
        + "ON CONFLICT (category, key) DO UPDATE SET payload = excluded.payload"
    case .delete: "DELETE FROM kv WHERE category = ?1 AND key = ?2"
    case .deleteFrom: "DELETE FROM kv WHERE \(Self.from)"
    case .deleteBetween: "DELETE FROM kv WHERE \(Self.between)"
    case .countFrom: "SELECT count(*) FROM kv WHERE \(Self.from)"
    case .countBetween: "SELECT count(*) FROM kv WHERE \(Self.between)"
    case .forwardFrom: "SELECT key, payload FROM kv WHERE \(Self.from) ORDER BY key"
    case .forwardBetween: "SELECT key, payload FROM kv WHERE \(Self.between) ORDER BY key"
    case .backwardFrom: "SELECT key, payload FROM kv WHERE \(Self.from) ORDER BY key DESC"
    case .backwardBetween: "SELECT key, payload FROM kv WHERE \(Self.between) ORDER BY key DESC"
    case .everything: "SELECT category, key, payload FROM kv ORDER BY category, key"
    case .categories: Self.skipping
    case .schema: "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'"
    case .begin: "BEGIN"
    case .beginImmediate: "BEGIN IMMEDIATE"
    case .commit: "COMMIT"
    case .rollback: "ROLLBACK"
    }
  }

  /// The statement for a range with, or without, an upper bound.
  static func rows(bounded: Bool, reverse: Bool) -> Query {
    reverse ? (bounded ? .backwardBetween : .backwardFrom) : (bounded ? .forwardBetween : .forwardFrom)
  }

  private static let from = "category = ?1 AND key >= ?2"
  private static let between = "category = ?1 AND key >= ?2 AND key < ?3"

  /// One seek a category, and one statement for all, so that they are of one state.
  private static let skipping = """
    WITH RECURSIVE found (category) AS (
      SELECT min(category) FROM kv
      UNION ALL
      SELECT (SELECT min(category) FROM kv WHERE category > found.category) FROM found WHERE category IS NOT NULL
    ) SELECT category FROM found WHERE category IS NOT NULL
    """
}
