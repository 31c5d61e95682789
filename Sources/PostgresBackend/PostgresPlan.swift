import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What one transaction is to do: runs of puts and deletes, cut by the ranges that are deleted between them.
///
/// Within a run the last op on a row is the only one: PostgreSQL refuses to change a row twice in one command.
struct PostgresPlan {
  struct Point {
    let category: [UInt8]
    let key: [UInt8]
    /// Nil deletes.
    let payload: [UInt8]?
  }

  enum Step {
    case puts([Point])
    case deletes([Point])
    case range(category: String, KeyRange)
  }

  private(set) var steps: [Step] = []
  private var run: [Point] = []
  private var category = ""
  private var categoryBytes: [UInt8] = []
  private(set) var ops = 0
  private(set) var bytes = 0

  var isEmpty: Bool { steps.isEmpty && run.isEmpty }

  // MARK: Adding

  mutating func add(_ batch: [TxOp]) {
    for op in batch {
      switch op {
      case .put(let category, let key, let payload):
        add(Point(category: name(category), key: key.bytes, payload: payload))
      case .delete(let category, let key): add(Point(category: name(category), key: key.bytes, payload: nil))
      case .deleteRange(let category, let range):
        if range.isEmpty { continue }
        endRun()
        ops += 1
        steps.append(.range(category: category, range))
      case .expect: break
      }
    }
  }

  mutating func add(_ row: RawRow) {
    add(Point(category: row.category, key: row.key.bytes, payload: row.payload))
  }

  private mutating func add(_ point: Point) {
    run.append(point)
    ops += 1
    bytes += point.category.count + point.key.count + (point.payload?.count ?? 0)
  }

  /// The bytes of a category, shared by the ops that follow one another in it.
  private mutating func name(_ category: String) -> [UInt8] {
    if !categoryBytes.elementsEqual(category.utf8) { categoryBytes = Array(category.utf8) }
    return categoryBytes
  }

  // MARK: Folding

  /// Ends the last run; nothing is added afterwards.
  mutating func finish() { endRun() }

  private mutating func endRun() {
    if run.isEmpty { return }
    let folded = Self.folded(run)
    run.removeAll(keepingCapacity: true)
    let puts = folded.filter { $0.payload != nil }
    if puts.count < folded.count { steps.append(.deletes(folded.filter { $0.payload == nil })) }
    if !puts.isEmpty { steps.append(.puts(puts)) }
  }

  /// In the order of the key, which is that of the table, and of every row the last op only.
  private static func folded(_ run: [Point]) -> [Point] {
    if zip(run, run.dropFirst()).allSatisfy({ order($0, $1) < 0 }) { return run }
    let sorted = run.indices.sorted { left, right in
      let order = order(run[left], run[right])
      return order == 0 ? left < right : order < 0
    }
    var folded: [Point] = []
    folded.reserveCapacity(run.count)
    for index in sorted {
      if let last = folded.last, order(last, run[index]) == 0 { folded.removeLast() }
      folded.append(run[index])
    }
    return folded
  }

  private static func order(_ left: Point, _ right: Point) -> Int {
    let byCategory = left.category.order(to: right.category)
    return byCategory == 0 ? left.key.order(to: right.key) : byCategory
  }

  // MARK: Sending

  /// Sends the commands of the steps.
  func send(
    to connection: PostgresConnection, job: Int64, until deadline: ContinuousClock.Instant
  ) throws(PostgresFailure) {
    for step in steps {
      switch step {
      case .puts(let points):
        if points.count == 1 {
          try connection.send(.putOne, until: deadline) { parameters in
            parameters.add(job)
            parameters.add(points[0].category)
            parameters.add(points[0].key)
            parameters.add(points[0].payload ?? [])
          }
        } else {
          try connection.send(.puts, until: deadline) { parameters in
            parameters.add(job)
            parameters.add(points) { $0.category }
            parameters.add(points) { $0.key }
            parameters.add(points) { $0.payload ?? [] }
          }
        }
      case .deletes(let points):
        try connection.send(.deletes, until: deadline) { parameters in
          parameters.add(job)
          parameters.add(points) { $0.category }
          parameters.add(points) { $0.key }
        }
      case .range(let category, let range):
        let query: PostgresQuery = range.stop == nil ? .deleteFrom : .deleteBetween
        try connection.send(query, until: deadline) { PostgresStore.range(&$0, job, category, range) }
      }
    }
  }
}

extension [UInt8] {
  /// As memcmp, the shorter first.
  fileprivate func order(to other: [UInt8]) -> Int {
    withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        let shared = Swift.min(left.count, right.count)
        if shared > 0, let one = left.baseAddress, let two = right.baseAddress {
          let order = memcmp(one, two, shared)
          if order != 0 { return Int(order) }
        }
        return left.count - right.count
      }
    }
  }
}
