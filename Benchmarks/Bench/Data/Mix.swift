import PersistencyCore

/// The ops of a YCSB workload, one after the other, on the rows that are there by then.
///
/// Record *i* is the *i*th that was loaded or inserted, anywhere in the key space; the lower, the more popular.
struct Mix {
  private let workload: Workload
  private let data: DataSet
  private let order: Permutation
  private let zipf: Zipf
  private var generator: DataSet.Generator

  init(_ workload: Workload, _ data: DataSet, _ order: Permutation, seed: UInt64) {
    self.workload = workload
    self.data = data
    self.order = order
    zipf = Zipf(count: data.rows)
    generator = DataSet.Generator(state: DataSet.mix(data.seed ^ seed))
  }

  /// Makes `count` steps, and notes in `content` and `records` what they do.
  mutating func slice(_ count: Int, _ content: inout Content, _ records: inout Int) -> Slice {
    var slice = Slice(count: count)
    var expected = Tally()
    var (rows, versions, kinds): ([Int], [UInt8], [Kind]) = ([], [], [])
    for _ in 0..<count {
      let kind = nextKind(records)
      let row: Int
      if kind == .insert {
        row = order[records]
        records += 1
      } else if workload == .ycsbD {
        row = order[records - 1 - zipf.rank(&generator)]
      } else {
        row = order[zipf.rank(&generator)]
      }
      switch kind {
      case .read, .modify: content.tally(of: row, in: data, into: &expected)
      case .scan(let limit): content.tally(from: row, rows: limit, in: data, into: &expected)
      case .update, .insert: break
      }
      rows.append(row)
      versions.append(kind.writes ? content.put(row) : 1)
      kinds.append(kind)
    }
    slice.expected = expected
    slice.flatKeys = data.flatKeys(rows)
    // One row may come several times, each time at another version.
    slice.flatPayloads = rows.indices.flatMap { index in
      kinds[index].writes ? data.flatPayloads([rows[index]]) { _ in versions[index] } : data.noPayload
    }
    slice.steps = rows.indices.map { step(kinds[$0], $0, slice) }
    return slice
  }

  private func step(_ kind: Kind, _ index: Int, _ slice: Slice) -> Step {
    let key = Key(rawBytes: slice.flatKeys[index * data.keySize..<(index + 1) * data.keySize])
    let payload = slice.flatPayloads[index * data.payloadSize..<(index + 1) * data.payloadSize]
    let put = { [TxOp.put(category: Settings.category, key: key, payload: Array(payload))] }
    switch kind {
    case .read: return .read(key)
    case .update, .insert: return .put(put())
    case .modify: return .modify(key, put())
    case .scan(let rows): return .scan(KeyRange(start: key, stop: nil), rows: rows)
    }
  }

  private enum Kind: Equatable {
    case read, update, insert, modify
    case scan(Int)

    var writes: Bool { self == .update || self == .insert || self == .modify }
  }

  private mutating func nextKind(_ records: Int) -> Kind {
    let percent = Int(generator.next() % 100)
    // Where every row there is has been inserted, what is left is to read.
    let insert: Kind = records < data.capacity ? .insert : .read
    switch workload {
    case .ycsbA: return percent < 50 ? .read : .update
    case .ycsbB: return percent < 95 ? .read : .update
    case .ycsbD: return percent < 95 ? .read : insert
    case .ycsbE: return percent < 95 ? .scan(1 + Int(generator.next() % 100)) : insert
    case .ycsbF: return percent < 50 ? .read : .modify
    default: return .read
    }
  }
}
