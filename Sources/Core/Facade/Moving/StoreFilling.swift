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
    if sideBySide != nil {
      try feed.each(.moving, control) { chunk throws(PersistencyError) in
        hash.add(chunk)
        try sideBySide?.add(chunk)
      }
      try sideBySide?.finish()
    } else {
      let target = target
      try feed.drain(.moving, control) { next throws(PersistencyError) in
        try target.importAll { () throws(PersistencyError) in
          guard let chunk = try next() else { return nil }
          hash.add(chunk)
          return chunk.made
        }
      }
    }
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
