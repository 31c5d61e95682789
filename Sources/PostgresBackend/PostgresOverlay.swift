import PersistencyCore

/// What the batches of a group have made of the rows that its expectations name.
///
/// An expectation looks here first: at the last op before it that touches its row. Where none does, what the table holds decides, which
/// was asked for all expectations at once. Nobody else can write in between: the commit's guard would fail.
struct PostgresOverlay {
  private struct Row: Hashable {
    let category: [UInt8]
    let key: [UInt8]
  }

  private struct Removal {
    let category: [UInt8]
    let range: KeyRange
    let number: Int
  }

  private var rows: [Row: (number: Int, payload: [UInt8]?)] = [:]
  private var removals: [Removal] = []
  private var number = 0

  /// Applies a batch.
  ///
  /// - Parameter matches: Whether the table's own row is what the next expectation wants; called once for each of the batch.
  /// - Throws: `.conflict`, and then the overlay is as it was.
  mutating func apply(_ batch: [TxOp], _ matches: () -> Bool) throws(PersistencyError) {
    let before = (removals.count, number)
    var undo: [(Row, (number: Int, payload: [UInt8]?)?)] = []
    var conflict: PersistencyError?
    for op in batch {
      number += 1
      switch op {
      case .put(let category, let key, let payload):
        let row = Row(category: Array(category.utf8), key: key.bytes)
        undo.append((row, rows.updateValue((number, payload), forKey: row)))
      case .delete(let category, let key):
        let row = Row(category: Array(category.utf8), key: key.bytes)
        undo.append((row, rows.updateValue((number, nil), forKey: row)))
      case .deleteRange(let category, let range):
        removals.append(Removal(category: Array(category.utf8), range: range, number: number))
      case .expect(let category, let key, let payload):
        let isInTable = matches()
        let holds = seen(Row(category: Array(category.utf8), key: key.bytes), key).map { $0.payload == payload }
        if !(holds ?? isInTable), conflict == nil {
          conflict = PersistencyError(
            .conflict, "an expectation does not hold: the row is not what the batch expects; read it again")
        }
      }
    }
    guard let conflict else { return }
    for (row, old) in undo.reversed() { rows[row] = old }
    removals.removeLast(removals.count - before.0)
    number = before.1
    throw conflict
  }

  /// What the group has made of a row; nil when it has not touched it.
  private func seen(_ row: Row, _ key: Key) -> (number: Int, payload: [UInt8]?)? {
    let point = rows[row]
    let removal = removals.last { $0.category == row.category && $0.range.holds(key) }
    guard let removal, removal.number > point?.number ?? 0 else { return point }
    return (removal.number, nil)
  }
}

extension KeyRange {
  fileprivate func holds(_ key: Key) -> Bool {
    if key < start { return false }
    if let stop { return key < stop }
    return true
  }
}
