import PersistencyCore

extension PostgresStore {
  func get(_ category: String, _ key: Key, isNested: Bool) throws(PersistencyError) -> [UInt8]? {
    try read(isNested: isNested, "reading") { connection, deadline throws(PostgresFailure) in
      let result = try ask(connection, .get, until: deadline) { Self.point(&$0, job, category, key) }
      return result.rows == 0 ? nil : [UInt8](result.bytes(0, 0))
    }
  }

  func exists(_ category: String, _ key: Key, isNested: Bool) throws(PersistencyError) -> Bool {
    try read(isNested: isNested, "reading") { connection, deadline throws(PostgresFailure) in
      try ask(connection, .exists, until: deadline) { Self.point(&$0, job, category, key) }.rows > 0
    }
  }

  /// At most so many rows, in one command.
  func scan(
    _ category: String, _ range: KeyRange, reverse: Bool, limit: Int, isNested: Bool
  ) throws(PersistencyError) -> [KvRow] {
    let query = PostgresQuery.scan(bounded: range.stop != nil, reverse: reverse)
    return try read(isNested: isNested, "scanning") { connection, deadline throws(PostgresFailure) in
      let result = try ask(connection, query, until: deadline) {
        Self.range(&$0, job, category, range)
        $0.add(Int64(limit))
      }
      return (0..<result.rows).map { row in
        KvRow(key: Key(rawBytes: result.bytes(row, 0)), payload: [UInt8](result.bytes(row, 1)))
      }
    }
  }

  func count(_ category: String, _ range: KeyRange, isNested: Bool) throws(PersistencyError) -> Int {
    let query: PostgresQuery = range.stop == nil ? .countFrom : .countBetween
    return try read(isNested: isNested, "counting") { connection, deadline throws(PostgresFailure) in
      Int(try ask(connection, query, until: deadline) { Self.range(&$0, job, category, range) }.integer(0, 0))
    }
  }

  /// The bytes of each category, in order.
  func categories(isNested: Bool) throws(PersistencyError) -> [[UInt8]] {
    try read(isNested: isNested, "reading the categories") { connection, deadline throws(PostgresFailure) in
      let result = try ask(connection, .categories, until: deadline) { $0.add(job) }
      return (0..<result.rows).map { [UInt8](result.bytes($0, 0)) }
    }
  }

  /// What a query over the whole job counts.
  func number(_ query: PostgresQuery, _ action: String, isNested: Bool) throws(PersistencyError) -> Int {
    try read(isNested: isNested, action) { connection, deadline throws(PostgresFailure) in
      Int(try ask(connection, query, until: deadline) { $0.add(job) }.integer(0, 0))
    }
  }

  // MARK: Parameters

  static func point(_ parameters: inout PostgresParameters, _ job: Int64, _ category: String, _ key: Key) {
    parameters.add(job)
    parameters.add(category)
    parameters.add(key)
  }

  static func range(_ parameters: inout PostgresParameters, _ job: Int64, _ category: String, _ range: KeyRange) {
    parameters.add(job)
    parameters.add(category)
    parameters.add(range.start)
    if let stop = range.stop { parameters.add(stop) }
  }
}
