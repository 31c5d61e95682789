import PersistencyCore

/// What a store is made to write while calls fail: a few batches of every form.
struct FaultScript {
  /// One call that writes.
  enum Call {
    case batch([TxOp])
    case group([[TxOp]])
    case rows([RawRow])
    case delete(Key)
  }

  static let category = "c"

  /// What is written before anything fails.
  static let before: [[TxOp]] = (0..<4).map(puts)

  /// Rows of a batch: enough for a few pages.
  static func puts(_ number: Int) -> [TxOp] {
    (0..<6).map { .put(category: category, key: key(number, $0), payload: payload(number, $0)) }
      + [.put(category: category, key: Key("last"), payload: [UInt8(truncatingIfNeeded: number)])]
  }

  static func key(_ number: Int, _ row: Int) -> Key {
    // One of them longer than LMDB's own.
    row == 5 ? Key(rawBytes: Key("row", number).bytes + [UInt8](repeating: 0x6B, count: 600)) : Key("row", number, row)
  }

  private static func payload(_ number: Int, _ row: Int) -> [UInt8] {
    .pattern(row == 4 ? 9_000 : 300, seed: UInt8(truncatingIfNeeded: number &* 16 &+ row))
  }

  /// The calls that follow, in an order that a seed draws.
  static func calls(_ seed: UInt64) -> [Call] {
    var generator = SeededGenerator(seed: seed)
    return (4..<12).shuffled(using: &generator).map(call)
  }

  private static func call(_ number: Int) -> Call {
    switch number % 4 {
    case 0: .batch(puts(number))
    case 1:
      .group([
        puts(number),
        [
          .put(category: category, key: Key("no"), payload: [1]),
          .expect(category: category, key: Key("none"), payload: []),
        ],
        [
          .deletePrefix(category: category, prefix: Key("row", number - 4)),
          .put(category: "d", key: Key(number), payload: []),
        ],
      ])
    case 2: .rows((0..<3).map { RawRow(category: [0x65], key: Key(number, $0), payload: payload(number, $0)) })
    default: .delete(key(number - 4, 1))
    }
  }

  /// Makes the call, and says what became of each of its batches.
  static func make(_ call: Call, on store: any KvBackend) -> (
    batches: [[TxOp]], outcomes: [Result<Void, PersistencyError>]
  ) {
    let batches = batches(call)
    switch call {
    case .batch(let ops):
      return (batches, [Result { () throws(PersistencyError) in try store.applyOps(ops) }])
    case .group(let group): return (batches, store.applyGroup(group, sync: false))
    case .rows(let rows):
      return (batches, [Result { () throws(PersistencyError) in try store.importRows(rows) }])
    case .delete(let key):
      return (
        batches,
        [
          Result { () throws(PersistencyError) in _ = try store.deleteOne(category: category, key: key) }
        ]
      )
    }
  }

  private static func batches(_ call: Call) -> [[TxOp]] {
    switch call {
    case .batch(let ops): [ops]
    case .group(let batches): batches
    case .rows(let rows):
      [rows.map { .put(category: String(decoding: $0.category, as: UTF8.self), key: $0.key, payload: $0.payload) }]
    case .delete(let key): [[.delete(category: category, key: key)]]
    }
  }
}
