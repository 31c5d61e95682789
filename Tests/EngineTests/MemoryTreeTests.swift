import PersistencyCore
import Testing

@testable import PersistencyMemory

@Suite("The memory engine's tree")
struct MemoryTreeTests {
  typealias Tree = BPlusTree<[UInt8]>

  /// A sorted array: what the tree must equal.
  struct Model {
    var rows: [(key: [UInt8], value: [UInt8])] = []

    func index(_ key: [UInt8]) -> Int { rows.firstIndex { !$0.key.lexicographicallyPrecedes(key) } ?? rows.count }

    mutating func insert(_ key: [UInt8], _ value: [UInt8]) {
      let at = index(key)
      if at < rows.count, rows[at].key == key { rows[at].value = value } else { rows.insert((key, value), at: at) }
    }

    mutating func remove(_ key: [UInt8]) -> Bool {
      let at = index(key)
      guard at < rows.count, rows[at].key == key else { return false }
      rows.remove(at: at)
      return true
    }

    func range(_ start: [UInt8], _ stop: [UInt8]?) -> Range<Int> {
      let first = index(start)
      return first..<max(first, stop.map(index) ?? rows.count)
    }
  }

  static func range(_ start: [UInt8], _ stop: [UInt8]?) -> KeyRange {
    // An empty stop, which a range would take for none, is the least key: nothing comes before it.
    if stop == [] { return KeyRange(start: Key(rawBytes: [0]), stop: Key(rawBytes: [0])) }
    return KeyRange(start: Key(rawBytes: start), stop: stop.map { Key(rawBytes: $0) })
  }

  static func keys(of tree: Tree, _ start: [UInt8] = [], _ stop: [UInt8]? = nil, reverse: Bool = false) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    tree.visit(range(start, stop), reverse: reverse) { row in
      keys.append(row.pointee.key.bytes)
      return .next
    }
    return keys
  }

  static func expectEqual(_ tree: Tree, _ model: Model, _ note: Comment) {
    #expect(tree.flaws() == [], note)
    #expect(tree.count == model.rows.count, note)
    #expect(keys(of: tree) == model.rows.map(\.key), note)
  }

  @Test("equals a sorted array through random changes, and its snapshots stay as they were", arguments: 0..<8)
  func model(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    var tree = Tree()
    var model = Model()
    var snapshots: [(Tree, Model)] = []
    // Few letters and lengths make prefixes and repeats common; three of four seeds share a prefix, which makes some keys
    // too long to lie in their rows, or all.
    let alphabet: [UInt8] = [0x00, 0x01, 0x61, 0xFF]
    let prefix = [UInt8](repeating: 0x70, count: [0, 11, 27, 40][seed % 4])
    func key() -> [UInt8] {
      if random.below(50) == 0 { return (0..<random.below(3)).map { _ in alphabet[random.below(4)] } }
      return prefix + (0..<random.below(9)).map { _ in alphabet[random.below(4)] }
    }
    for step in 0..<3_000 {
      switch random.below(100) {
      case 0:
        let (a, b) = (key(), random.below(4) == 0 ? nil : key())
        tree.remove(Self.range(a, b))
        model.rows.removeSubrange(model.range(a, b))
      case 1..<25:
        let victim = key()
        let removed = tree.remove(Key(rawBytes: victim))
        let expected = model.remove(victim)
        #expect(removed == expected)
      default:
        let (new, value) = (key(), [UInt8(step & 0xFF)])
        tree.insert(Key(rawBytes: new), value)
        model.insert(new, value)
      }
      if step % 500 == 0 {
        snapshots.append((tree, model))
        Self.expectEqual(tree, model, "seed \(seed) step \(step)")
      }
      if step % 7 == 0 {
        let (a, b) = (key(), random.below(5) == 0 ? nil : key())
        let within = model.range(a, b)
        #expect(tree.count(Self.range(a, b)) == within.count)
        #expect(Self.keys(of: tree, a, b) == model.rows[within].map(\.key))
        #expect(Self.keys(of: tree, a, b, reverse: true) == model.rows[within].map(\.key).reversed())
        let probe = key()
        let at = model.index(probe)
        let expected = at < model.rows.count && model.rows[at].key == probe ? model.rows[at].value : nil
        #expect(tree.value(of: Key(rawBytes: probe)) == expected)
      }
    }
    for (tree, model) in snapshots { Self.expectEqual(tree, model, "a snapshot of seed \(seed)") }
  }

  @Test("stays sound when ranges of every size go from a tree three levels deep", arguments: [1, 3, 64, 700, 5_000])
  func ranges(width: Int) {
    var random = SplitMix(seed: UInt64(width))
    var tree = Tree()
    let size = 10_000
    var present = Set<Int>()
    for round in 0..<2 {
      for number in (0..<size).shuffled(using: &random) where !present.contains(number) {
        tree.insert(number.key, [])
        present.insert(number)
      }
      #expect(tree.flaws() == [], "filled, round \(round)")
      for _ in 0..<20 {
        let start = random.below(size)
        let stop = min(size, start + random.below(width) + 1)
        tree.remove(KeyRange(start: start.key, stop: stop.key))
        for number in start..<stop { present.remove(number) }
        #expect(tree.count == present.count)
        #expect(tree.flaws() == [])
      }
      for _ in 0..<2_000 {
        let number = random.below(size)
        let removed = tree.remove(number.key)
        #expect(removed == (present.remove(number) != nil))
      }
      #expect(tree.flaws() == [], "thinned, round \(round)")
    }
    tree.remove(KeyRange(start: 5.key, stop: nil))
    #expect(tree.flaws() == [])
    tree.remove(.all)
    #expect(tree.isEmpty && tree.flaws() == [])
  }

  @Test("many rows come, count, reverse and go without deep recursion")
  func many() {
    var tree = Tree()
    let size = 300_000
    for number in 0..<size { tree.insert(number.key, []) }
    #expect(tree.count == size)
    #expect(tree.count(KeyRange(start: 50_000.key, stop: 250_000.key)) == 200_000)
    let before = tree
    tree.remove(KeyRange(start: 10.key, stop: (size - 10).key))
    #expect(Self.keys(of: tree, reverse: true).count == 20)
    #expect(tree.flaws() == [])
    #expect(before.count(.all) == size)
    #expect(before.flaws() == [])
  }

  @Test("what is kept keeps no spare room of the caller's arrays", arguments: [32, 40, 64, 1_000])
  func trimming(count: Int) {
    var bytes = [UInt8](repeating: 7, count: count)
    bytes.reserveCapacity(1 << 16)
    let key = Key(rawBytes: bytes)
    #expect(key.bytes.capacity >= 1 << 16, "a long key shares the array")
    #expect(key.trimmed == key && key.trimmed.bytes.capacity < 2 * count + 64)
    #expect(bytes.trimmed == bytes && bytes.trimmed.capacity < 2 * count + 64)
  }

  @Test("the checker finds planted damage")
  func planted() {
    var tree = Tree()
    for number in 0..<500 { tree.insert(number.key, []) }
    tree.root.children[1].count += 1
    #expect(!tree.flaws().isEmpty)
    tree.root.children[1].count -= 1
    #expect(tree.flaws() == [])
    tree.root.children[0].node.rows.swapAt(0, 1)
    #expect(!tree.flaws().isEmpty)
  }
}

/// A seeded generator: the same numbers on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}

extension Int {
  /// Eight bytes that sort as the numbers do.
  fileprivate var key: Key { Key(rawBytes: (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) }) }
}
