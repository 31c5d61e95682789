import CPersistencyRocksDB

extension RocksHandle {
  /// Part of the stored keys, from the first to the last of it.
  struct Piece {
    let first: [UInt8]
    let last: [UInt8]
  }

  /// The stored keys in pieces of about a table each, by the tables of the lowest level that has several.
  func pieces() throws(PersistencyError) -> [Piece] {
    guard let files = rocksdb_livefiles(try database()) else { return [] }
    defer { rocksdb_livefiles_destroy(files) }
    var levels: [Int32: [Piece]] = [:]
    for index in 0..<rocksdb_livefiles_count(files) {
      let piece = Piece(
        first: Self.bytes { rocksdb_livefiles_smallestkey(files, index, $0) },
        last: Self.bytes { rocksdb_livefiles_largestkey(files, index, $0) })
      levels[rocksdb_livefiles_level(files, index), default: []].append(piece)
    }
    guard let lowest = levels.keys.max() else { return [] }
    // The tables of level 0 overlap: it goes as one.
    var pieces = lowest == 0 ? [] : levels[lowest, default: []].sorted { $0.first.precedes($1.first) }
    let all = levels.values.joined()
    let first = all.map(\.first).min { $0.precedes($1) } ?? []
    let last = all.map(\.last).max { $0.precedes($1) } ?? []
    if pieces.isEmpty { return [Piece(first: first, last: last)] }
    // What lies before, between and after them belongs to the piece before it, or the first.
    for index in pieces.indices {
      let next = index + 1 < pieces.count ? pieces[index + 1].first : last
      pieces[index] = Piece(first: index == 0 ? first : pieces[index].first, last: next)
    }
    return pieces
  }

  private static func bytes(_ field: (UnsafeMutablePointer<Int>) -> UnsafePointer<CChar>?) -> [UInt8] {
    var count = 0
    let start = field(&count)
    return [UInt8](UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// Merges the tables of a piece downwards, on RocksDB's thread, and waits for it; rows that are deleted, or replaced, go.
  func compact(_ piece: Piece) throws(PersistencyError) {
    let options = rocksdb_compactoptions_create()
    defer { rocksdb_compactoptions_destroy(options) }
    // Its own compactions go on beside this one.
    rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0)
    let db = try database()
    piece.first.withUnsafeBytes { first in
      piece.last.withUnsafeBytes { last in
        rocksdb_compact_range_opt(db, options, first.chars, first.count, last.chars, last.count)
      }
    }
  }

  /// Makes a folder with the last committed state; only of a database that was opened to write.
  func checkpoint(_ path: String) throws(PersistencyError) {
    var text: UnsafeMutablePointer<CChar>?
    let checkpoint = rocksdb_checkpoint_object_create(try database(), &text)
    defer { if let checkpoint { rocksdb_checkpoint_object_destroy(checkpoint) } }
    if text == nil, let checkpoint {
      // The memtable is written out first, whatever its size: the copy has hardly any log.
      rocksdb_checkpoint_create(checkpoint, path, 0, &text)
    }
    if let text { throw RocksFailure(taking: text).error("copying the store to \(path)") }
  }
}
