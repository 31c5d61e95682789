import PersistencyConformance
import PersistencyCore

/// What one writer writes: batches that follow from a seed and their number, so that who checks them knows every byte.
///
/// Each also moves the job's head on by one, and only from where the batch before left it: made twice, or out of order, it is a conflict.
struct Batches: Sendable {
  private static let (rows, heads) = ("rows", "heads")
  private static let headKey = Key("head")

  let seed: UInt64
  let writer: Int

  private func rows(_ number: Int) -> [(key: Key, payload: [UInt8])] {
    var random = SeededGenerator(seed: seed ^ UInt64(writer) << 48 ^ UInt64(number))
    return (0..<Int(1 + random.next() % 20)).map { row in
      let size = Int(random.next() % 200)
      return (Key(number, row), [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: size))
    }
  }

  func ops(_ number: Int) -> [TxOp] {
    let before = number == 1 ? nil : Self.bytes(of: number - 1)
    let rows = rows(number).map { TxOp.put(category: Self.rows, key: $0.key, payload: $0.payload) }
    return [.expect(category: Self.heads, key: Self.headKey, payload: before)] + rows
      + [.put(category: Self.heads, key: Self.headKey, payload: Self.bytes(of: number))]
  }

  /// The number of the last batch that is in; zero before the first.
  static func head(_ job: Job) async throws(PersistencyError) -> Int {
    let bytes = try await job.get(category: heads, key: headKey) ?? []
    return bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func bytes(of number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
  }

  // MARK: Checking

  /// What is in, against what it should be: batches 1 to the head, each whole, and nothing else.
  ///
  /// - Returns: The head, and what is wrong up to it.
  func examine(_ job: Job) async throws(PersistencyError) -> (head: Int, faults: [String]) {
    let head = try await Self.head(job)
    let found = try await job.scan(category: Self.rows)
    var faults: [String] = []
    var place = 0
    for number in stride(from: 1, through: head, by: 1) {
      for (key, payload) in rows(number) {
        guard place < found.count, found[place].key == key, found[place].payload == payload else {
          faults.append("batch \(number) of \(head) is not there as it was written")
          return (head, faults)
        }
        place += 1
      }
    }
    if place < found.count { faults.append("\(found.count - place) rows are there that no batch up to \(head) wrote") }
    return (head, faults)
  }
}
