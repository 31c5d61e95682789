import Testing

@testable import PersistencyRocksDB

/// Numbers from a seed: SplitMix64.
struct RocksRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite("RocksDB's groups see their own earlier ops")
struct RocksOverlayTests {
  typealias Model = [[UInt8]: [[UInt8]: [UInt8]]]

  /// What a batch makes of the model; nil when an `expect` fails.
  static func apply(_ ops: [TxOp], to model: Model) -> Model? {
    var model = model
    for op in ops {
      let category = Array(op.category.utf8)
      switch op {
      case .put(_, let key, let payload): model[category, default: [:]][key.bytes] = payload
      case .delete(_, let key): model[category]?[key.bytes] = nil
      case .deleteRange(_, let range):
        model[category] = model[category]?.filter { !range.contains(Key(rawBytes: $0.key)) }
      case .expect(_, let key, let payload):
        if model[category]?[key.bytes] != payload { return nil }
      }
    }
    return model
  }

  static func rows(_ model: Model) -> [[[UInt8]]] {
    model.flatMap { category, rows in rows.map { [category, $0.key, $0.value] } }.sorted { left, right in
      left[0] == right[0] ? left[1].lexicographicallyPrecedes(right[1]) : left[0].lexicographicallyPrecedes(right[0])
    }
  }

  static func randomKey(_ random: inout RocksRandom) -> Key {
    Key(
      rawBytes: (0..<Int.random(in: 0...3, using: &random)).map { _ in
        [0, 1, 0xFE, 0xFF].randomElement(using: &random) ?? 0
      })
  }

  static func randomOp(_ random: inout RocksRandom, _ model: Model) -> TxOp {
    let category = ["", "a", "aa"].randomElement(using: &random) ?? ""
    let key = randomKey(&random)
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<5: return .put(category: category, key: key, payload: [UInt8.random(in: 0...3, using: &random)])
    case 5: return .delete(category: category, key: key)
    case 6, 7:
      let stop = Bool.random(using: &random) ? randomKey(&random) : nil
      return .deleteRange(category: category, range: KeyRange(start: key, stop: stop))
    default:
      // Mostly what the store held before the group; the group's own ops often make it wrong, or right.
      let payload = Bool.random(using: &random) ? model[Array(category.utf8)]?[key.bytes] : nil
      return .expect(category: category, key: key, payload: payload)
    }
  }

  @Test(arguments: 0..<12)
  func aRandomHistoryOfGroupsIsTheModels(_ seed: Int) throws {
    let place = try RocksPlace()
    let store = try place.open()
    var random = RocksRandom(state: UInt64(seed))
    var model: Model = [:]
    var conflicts = 0
    var applied = 0
    for round in 0..<80 {
      let before = model
      let group = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        (0..<Int.random(in: 0...8, using: &random)).map { _ in Self.randomOp(&random, before) }
      }
      let outcomes = store.applyGroup(group, sync: false)
      for (batch, outcome) in zip(group, outcomes) {
        if let next = Self.apply(batch, to: model) {
          model = next
          applied += batch.count
          #expect(throws: Never.self, "seed \(seed), round \(round): \(batch)") { try outcome.get() }
        } else {
          conflicts += 1
          #expect(rocksKind { try outcome.get() } == .conflict, "seed \(seed), round \(round): \(batch)")
        }
      }
      try #require(try rocksRows(store) == Self.rows(model), "seed \(seed), round \(round): \(group)")
    }
    #expect(conflicts > 10 && applied > 300)
    store.close()
  }

  @Test(arguments: 0..<8)
  func pointsKeepOrderThroughSplitsAndRemovals(_ seed: UInt64) {
    var random = RocksRandom(state: seed)
    var points = RocksPoints()
    var model: [[UInt8]: [UInt8]?] = [:]
    func number() -> [UInt8] { rocksKey(Int.random(in: 0..<3_000, using: &random)).bytes }
    for _ in 0..<6_000 {
      let at = number()
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<80:
        let payload: [UInt8]? = Bool.random(using: &random) ? at : nil
        #expect(points.set(at, payload)?.payload == model.updateValue(payload, forKey: at) ?? nil)
      case 80..<98:
        points.remove(at)
        model[at] = nil
      default:
        let stop = number()
        let removed = points.removeRange(at, stop).map(\.key)
        let expected = model.keys.filter { !$0.lexicographicallyPrecedes(at) && $0.lexicographicallyPrecedes(stop) }
        #expect(removed == expected.sorted { $0.lexicographicallyPrecedes($1) })
        for key in expected { model[key] = nil }
      }
      let probe = number()
      #expect(points[probe]?.payload == model[probe] ?? nil)
    }
    #expect(points.removeRange([], [0xFF]).count == model.count)
  }

  @Test func aFailedBatchLeavesNoTraceForTheNext() throws {
    let place = try RocksPlace()
    let store = try place.open()
    try store.applyOps((0..<1_500).map { .put(category: "c", key: rocksKey($0), payload: [1]) })
    let outcomes = store.applyGroup(
      [
        [.put(category: "c", key: rocksKey("x"), payload: [1])],
        [
          .deleteRange(category: "c", range: .all), .put(category: "c", key: rocksKey("y"), payload: []),
          .expect(category: "c", key: rocksKey("x"), payload: [1]),
        ],
        [
          .expect(category: "c", key: rocksKey("x"), payload: [1]),
          .expect(category: "c", key: rocksKey("y"), payload: nil),
          .expect(category: "c", key: rocksKey(7), payload: [1]), .put(category: "c", key: rocksKey("z"), payload: []),
        ],
      ], sync: false)
    #expect(outcomes.map { outcome in rocksKind { try outcome.get() } } == [nil, .conflict, nil])
    #expect(try store.countRange(category: "c", range: .all) == 1_502)
    store.close()
  }
}
