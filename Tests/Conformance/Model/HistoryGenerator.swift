import PersistencyCore

/// Makes random histories: from one seed always the same, on every machine.
struct HistoryGenerator {
  private var numbers: SeededGenerator
  private let profile: HistoryProfile
  private let limits: BackendLimits
  private let keys: [[UInt8]]
  private let longKeys: [[UInt8]]
  private let categories: [String]
  /// The latest puts: half of what follows is about one of them, or most of it would meet nothing.
  private var recent: [(category: String, key: Key, payload: [UInt8])] = []

  init(_ profile: HistoryProfile, limits: BackendLimits, seed: UInt64) {
    numbers = SeededGenerator(seed: seed)
    self.profile = profile
    self.limits = limits
    keys = Self.hostileKeys.filter { $0.count < limits.keyBytes }
    longKeys = keys.suffix(25)
    categories = Self.hostileCategories.filter { $0.utf8.count <= limits.categoryBytes }
  }

  mutating func history(steps: Int) -> [HistoryStep] {
    (0..<steps).map { _ in step() }
  }

  // MARK: Pools

  /// Prefixes of one another, bytes at the ends of their range, lengths around what engines find difficult.
  static let hostileKeys: [[UInt8]] = {
    var keys: [[UInt8]] = [
      [], [0], [0, 0], [0, 0, 0], [0, 1], [0, 0xFF], [1], [0x7F], [0x80], [0x80, 0], [0xFE], [0xFE, 0xFF], [0xFF],
      [0xFF, 0], [0xFF, 0xFF], [0xFF, 0xFF, 0xFF], Array("a".utf8), Array("a\0".utf8), Array("aa".utf8),
      Array("ab".utf8), Array("ab\u{FF}".utf8), Array("b".utf8), Array("B".utf8), Array("10".utf8), Array("9".utf8),
      Array("%".utf8), Array("'; --".utf8), Array("é".utf8), [0xC3], [0xC3, 0x28],
    ]
    for length in [254, 255, 256, 499, 500, 501, 510, 511, 512, 513, 1_000, 1_024, 2_000] {
      keys.append(Array(repeating: 0x61, count: length))
    }
    let shared = [UInt8](repeating: 0x73, count: 600)
    keys += [shared, shared + [0], shared + [1], shared + [0xFF], shared + [1, 2], shared + shared + [3]]
    keys += [[UInt8](repeating: 0, count: 512), [UInt8](repeating: 0xFF, count: 512)]
    keys += [Array(repeating: 0x73, count: 8_000), Array(repeating: 0x73, count: 65_000) + [2]]
    return keys
  }()

  /// Prefixes of one another, equal as text but not in bytes, at the limit.
  static let hostileCategories: [String] = [
    "", "a", "a\0", "ab", "b", "A", "\u{E9}", "e\u{301}", "\u{10FFFF}", "kv", "main", "x'y\"; --",
    String(repeating: "c", count: 254), String(repeating: "c", count: 255),
  ]

  // MARK: Draws

  private mutating func below(_ bound: Int) -> Int { Int(numbers.next() % UInt64(max(bound, 1))) }

  private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  private mutating func pick<Element>(_ pool: [Element]) -> Element { pool[below(pool.count)] }

  private mutating func category() -> String {
    if profile.oversized, chance(2) { return String(repeating: "c", count: limits.categoryBytes + 1) }
    return profile.manyCategories ? pick(categories) : chance(80) ? "a" : pick(categories)
  }

  private mutating func key() -> Key {
    if profile.oversized, chance(2) { return Key(rawBytes: Array(repeating: 0x6B, count: limits.keyBytes + 1)) }
    let pool = profile.longKeys || profile.longKeyPercent > 0 && chance(profile.longKeyPercent) ? longKeys : keys
    var bytes = chance(70) ? pool[below(pool.count) / 2] : pick(pool)
    // A neighbour that no pool holds.
    if chance(10), bytes.count + 1 < limits.keyBytes { bytes.append(UInt8(below(256))) }
    return Key(rawBytes: bytes)
  }

  private mutating func payload() -> [UInt8] {
    let length = pick([0, 0, 1, 2, 8, 16, 17, 100, 255, 256, 1_000, 4_096])
    let fill = UInt8(below(256))
    var bytes = Array(repeating: fill, count: min(length, limits.payloadBytes))
    for index in bytes.indices.prefix(4) { bytes[index] = UInt8(below(256)) }
    return bytes
  }

  private mutating func range() -> KeyRange {
    switch below(6) {
    case 0: .all
    case 1: KeyRange(prefix: Key(rawBytes: key().bytes.prefix(below(4))))
    case 2: KeyRange(prefix: key())
    case 3: KeyRange(start: key(), stop: nil)
    default: KeyRange(start: key(), stop: key())
    }
  }

  private mutating func limit() -> Int? {
    switch below(8) {
    case 0: 0
    case 1: 1
    case 2: 2
    case 3: below(20)
    case 4: profile.oversized ? -1 - below(3) : 1_000
    default: nil
    }
  }

  /// A category and a key in it, with a payload that the row may have.
  private mutating func place() -> (category: String, key: Key, payload: [UInt8]) {
    chance(50) && !recent.isEmpty ? pick(recent) : (category(), key(), [])
  }

  private mutating func put() -> TxOp {
    let place = place()
    let payload = payload()
    recent.append((place.category, place.key, payload))
    if recent.count > 12 { recent.removeFirst() }
    return .put(category: place.category, key: place.key, payload: payload)
  }

  private mutating func op() -> TxOp {
    let place = place()
    return switch profile.ops[below(profile.ops.count)] {
    case .put: put()
    case .delete: .delete(category: place.category, key: place.key)
    case .deleteRange: .deleteRange(category: category(), range: range())
    case .expectAbsent: .expect(category: place.category, key: place.key, payload: nil)
    case .expectPayload: .expect(category: place.category, key: place.key, payload: place.payload)
    }
  }

  /// Steps that often meet: every other one is about the key of the one before it.
  private mutating func batch() -> [TxOp] {
    var ops: [TxOp] = []
    for _ in 0..<below(profile.batch + 1) {
      let next = op()
      guard chance(40), let last = ops.last, let key = last.key else {
        ops.append(next)
        continue
      }
      switch next {
      case .put(_, _, let payload): ops.append(.put(category: last.category, key: key, payload: payload))
      case .delete: ops.append(.delete(category: last.category, key: key))
      case .deleteRange: ops.append(.deletePrefix(category: last.category, prefix: key))
      case .expect(_, _, let payload):
        // Mostly one that holds, or most batches would fail.
        var wanted = payload
        if case .put(_, _, let put) = last, chance(80) { wanted = put }
        if case .delete = last, chance(80) { wanted = nil }
        ops.append(.expect(category: last.category, key: key, payload: wanted))
      }
    }
    return ops
  }

  private mutating func step() -> HistoryStep {
    let place = place()
    return switch profile.calls[below(profile.calls.count)] {
    case .put: .apply([put()])
    case .delete: .apply([.delete(category: place.category, key: place.key)])
    case .deleteRange: .apply([.deleteRange(category: category(), range: range())])
    case .batch: .apply(batch())
    case .group: .group((0..<below(6)).map { _ in batch() }, sync: chance(5))
    case .get: .get(category: place.category, key: place.key)
    case .exists: .exists(category: place.category, key: place.key)
    case .deleteOne: .deleteOne(category: place.category, key: place.key)
    case .scan: .scan(category: category(), range: range(), reverse: chance(50), limit: limit())
    case .count: .count(category: category(), range: range())
    case .visit:
      .visit(category: category(), range: range(), reverse: chance(50), rows: chance(40) ? 1 + below(5) : nil)
    case .visitAll: .visitAll(rows: chance(40) ? 1 + below(8) : nil)
    case .categories: .categories
    case .reopen: .reopen
    case .crash: .crash
    case .copy: .copy
    case .faulty: .faulty(batch(), fault())
    }
  }

  /// One of the first calls of a batch fails: mostly one that writes.
  private mutating func fault() -> Fault {
    let calls: Set<Fault.Call> = chance(70) ? [.write] : chance(50) ? [.write, .sync, .truncate] : [.sync]
    let first = 1 + below(3)
    return Fault(calls, first: first, chance(20) && calls == [.write] ? .short : .error(chance(50) ? 5 : noSpace))
  }
}

extension TxOp {
  /// The key that the step is about, unless it is about a range.
  fileprivate var key: Key? {
    switch self {
    case .put(_, let key, _), .delete(_, let key), .expect(_, let key, _): key
    case .deleteRange: nil
    }
  }
}
