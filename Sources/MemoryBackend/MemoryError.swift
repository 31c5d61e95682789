// What can go wrong here, and what it is called. There is no engine below with codes of its own:
//
// | what                                   | kind               |
// |----------------------------------------|--------------------|
// | an `expect` that does not hold         | `.conflict`        |
// | a write to a store opened read-only    | `.unsupported`     |
// | `sync` on a store opened `.volatile`   | `.invalidArgument` |
// | a category to list that is not UTF-8   | `.corrupted`       |

extension PersistencyError {
  static func conflict(key: Key, category: String, expected: [UInt8]?) -> PersistencyError {
    let wanted = expected.map { "a payload of \($0.count) bytes" } ?? "no row"
    return PersistencyError(
      .conflict, "expected \(wanted) under key \(key) in category “\(category)”; nothing was applied")
  }

  static func notText(category: [UInt8]) -> PersistencyError {
    let digits = category.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return PersistencyError(.corrupted, "the category hex:\(digits) is not UTF-8; only visitAll gives its rows")
  }

  static var readOnly: PersistencyError {
    PersistencyError(.unsupported, "the store was opened read-only; open it with access .readWrite to write")
  }

  static var syncOnVolatile: PersistencyError {
    PersistencyError(
      .invalidArgument, "a store opened with durability .volatile takes no durable write; open it .consistent or .full")
  }
}
