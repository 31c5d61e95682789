/// What is in a job, and what it takes.
public struct JobStat: Hashable, Sendable {
  public let id: String
  /// The name of its engine.
  public let engine: String
  /// What its files take, in allocated bytes; nil where the engine cannot tell.
  public let bytesOnDisk: Int?
  /// By the bytes of the categories.
  public let categories: [CategoryStat]

  public init(id: String, engine: String, bytesOnDisk: Int?, categories: [CategoryStat]) {
    self.id = id
    self.engine = engine
    self.bytesOnDisk = bytesOnDisk
    self.categories = categories
  }

  /// The rows of all categories.
  public var rows: Int { categories.reduce(0) { $0 + $1.rows } }
}

/// What is in one category.
public struct CategoryStat: Hashable, Sendable {
  /// The category's bytes, UTF-8 or not.
  public let category: [UInt8]
  public let rows: Int
  /// All keys together.
  public let keyBytes: Int
  /// All payloads together.
  public let payloadBytes: Int
  public let firstKey: Key
  public let lastKey: Key

  public init(category: [UInt8], rows: Int, keyBytes: Int, payloadBytes: Int, firstKey: Key, lastKey: Key) {
    self.category = category
    self.rows = rows
    self.keyBytes = keyBytes
    self.payloadBytes = payloadBytes
    self.firstKey = firstKey
    self.lastKey = lastKey
  }
}

/// The stat of categories in the making, from rows in order.
struct StatTally {
  private(set) var categories: [CategoryStat] = []
  private var category: [UInt8]?
  private var rows = 0
  private var keyBytes = 0
  private var payloadBytes = 0
  private var firstKey: [UInt8] = []
  private var lastKey: [UInt8] = []

  mutating func add(_ chunk: RowChunk) throws(PersistencyError) {
    // In memory until the chunk ends; only then, or when its category ends, it is copied.
    var last: UnsafeRawBufferPointer?
    try chunk.eachRow { category, key, payload throws(PersistencyError) in
      if self.category?.holds(category) != true {
        if let last { lastKey = Array(last) }
        finish()
        (self.category, firstKey) = (Array(category), Array(key))
      }
      rows += 1
      keyBytes += key.count
      payloadBytes += payload.count
      last = key
    }
    if let last { lastKey = Array(last) }
  }

  /// Adds the category that the last row was of.
  mutating func finish() {
    guard let category else { return }
    categories.append(
      CategoryStat(
        category: category, rows: rows, keyBytes: keyBytes, payloadBytes: payloadBytes,
        firstKey: Key(rawBytes: firstKey), lastKey: Key(rawBytes: lastKey)))
    (self.category, rows, keyBytes, payloadBytes) = (nil, 0, 0, 0)
  }
}
