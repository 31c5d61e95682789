/// Puts all rows of one store, in one state of it, into another, and proves that they arrived.
struct StoreFilling {
  let target: any KvBackend
  let control: MoveControl
  private var hash = ContentHash()
  /// Set when the target holds what an earlier run, which was cut short, left there.
  private var sideBySide: SideBySide?

  /// - Parameter isResumed: The target is not empty; only what differs is moved.
  init(_ target: any KvBackend, isResumed: Bool, _ control: MoveControl) throws(PersistencyError) {
    self.target = target
    self.control = control
    if isResumed { sideBySide = try SideBySide(target) }
  }

  /// Whether what is fed has to come with ``RowChunk/made``.
  var takesRows: Bool { sideBySide == nil }

  /// Takes all that `feed` gives.
  ///
  /// - Returns: The digest of what was given, and is there now.
  /// - Throws: `.corrupted` when the target reads back otherwise.
  mutating func run(_ feed: ChunkFeed) throws(PersistencyError) -> ContentDigest {
    try feed.each(.moving, control) { chunk throws(PersistencyError) in
      hash.add(chunk)
      if sideBySide != nil {
        try sideBySide?.add(chunk)
      } else {
        try target.importInParts(chunk.made)
      }
    }
    try sideBySide?.finish()
    let digest = hash.digest
    let found = try ContentDigest.of(target, .verifying, control)
    guard found == digest else {
      throw PersistencyError(
        .corrupted,
        "what was written (\(digest)) reads back as \(found); the disk, the memory or the engine is at fault")
    }
    return digest
  }
}

extension KvBackend {
  /// Puts rows in as many batches as its limit of ops asks for; it is one for a chunk of rows of a usual size.
  func importInParts(_ rows: [RawRow]) throws(PersistencyError) {
    if rows.count <= limits.batchOps { return try importRows(rows) }
    var rest = rows[...]
    while !rest.isEmpty {
      try importRows(Array(rest.prefix(limits.batchOps)))
      rest = rest.dropFirst(limits.batchOps)
    }
  }
}

extension ContentDigest {
  /// Reads all rows of a store, from one state.
  static func of(
    _ backend: any KvBackend, _ phase: MoveProgress.Phase, _ control: MoveControl
  ) throws(PersistencyError) -> ContentDigest {
    var hash = ContentHash()
    try ChunkFeed(rowsOf: backend).each(phase, control) { chunk throws(PersistencyError) in hash.add(chunk) }
    return hash.digest
  }
}
