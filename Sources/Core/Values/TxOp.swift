/// One step of a batch.
public enum TxOp: Hashable, Sendable {
  /// Stores the payload, over an earlier one.
  case put(category: String, key: Key, payload: [UInt8])
  /// Removes the row; removing what is absent succeeds.
  case delete(category: String, key: Key)
  // By reference: it is rare, and twice as large as the others, each of which would be as large.
  /// Removes every row of the range that is there at this point of the batch.
  indirect case deleteRange(category: String, range: KeyRange)
  /// A precondition on what the batch has made so far: nil, the key must be absent; else its payload must be this one.
  ///
  /// One that does not hold fails the whole batch with `.conflict`.
  case expect(category: String, key: Key, payload: [UInt8]?)

  /// Removes every row whose key begins with `prefix`; an empty prefix removes all.
  public static func deletePrefix(category: String, prefix: Key) -> TxOp {
    .deleteRange(category: category, range: KeyRange(prefix: prefix))
  }

  // Two categories are one only if their UTF-8 is the same, while `==` of strings is canonical: é composed and
  // decomposed would be equal.
  public static func == (left: TxOp, right: TxOp) -> Bool {
    guard left.category.utf8.elementsEqual(right.category.utf8) else { return false }
    switch (left, right) {
    case (.put(_, let k, let p), .put(_, let l, let q)): return k == l && p == q
    case (.delete(_, let k), .delete(_, let l)): return k == l
    case (.deleteRange(_, let r), .deleteRange(_, let s)): return r == s
    case (.expect(_, let k, let p), .expect(_, let l, let q)): return k == l && p == q
    default: return false
    }
  }

  /// The category that the step is about.
  public var category: String {
    switch self {
    case .put(let category, _, _), .delete(let category, _), .deleteRange(let category, _), .expect(let category, _, _):
      return category
    }
  }
}
