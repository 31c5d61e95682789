import PersistencyCore

/// How far the lanes of a store have got, by the records in it.
struct TrialState: Hashable, Sendable {
  /// Nil in a store without records.
  var generation: UInt64?
  /// The last batch of each lane.
  var last: [UInt64]

  /// - Throws: when a record is none: the store is damaged.
  init(_ rows: [TrialScript.Row], lanes: Int) throws {
    last = Array(repeating: 0, count: lanes)
    for row in rows where row.category == TrialScript.records {
      let number: Int64 = try row.key.decode(Int64.self)
      let (generation, batch) = try Key(rawBytes: row.payload).decode(UInt64.self, UInt64.self)
      guard let lane = Int(exactly: number), last.indices.contains(lane) else {
        throw TrialFailure("a record of lane \(number)")
      }
      guard self.generation == nil || self.generation == generation else {
        throw TrialFailure("records of generations \(generation) and \(self.generation ?? 0) in one store")
      }
      self.generation = generation
      last[lane] = batch
    }
  }

  /// How the rows of a store differ from those that its records stand for; empty when they do not.
  func differences(_ rows: [TrialScript.Row], _ script: TrialScript) -> [String] {
    let wanted = script.rows(generation: generation ?? 0, last: last)
    if rows == wanted { return [] }
    var differences: [String] = []
    let (found, expected) = (Dictionary(grouping: rows, by: \.place), Dictionary(grouping: wanted, by: \.place))
    for row in rows where expected[row.place] == nil { differences.append("\(row.name) should not be there") }
    for row in wanted {
      switch found[row.place] {
      case nil: differences.append("\(row.name) is missing")
      case [row]?: break
      case let others?:
        differences.append("\(row.name) has another payload, or \(others.count) of them")
      }
    }
    return differences.isEmpty ? ["the rows are out of order"] : differences
  }
}

extension TrialScript.Row {
  struct Place: Hashable {
    var category: String
    var key: Key
  }

  var place: Place { Place(category: category, key: key) }

  var name: String {
    let hex = key.bytes.prefix(24).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return "row \(category)/\(hex) of \(payload.count) bytes"
  }
}
