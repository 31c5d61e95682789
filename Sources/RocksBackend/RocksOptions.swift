/// What may be tuned of a RocksDB store; the defaults suit many small stores in one process.
public struct RocksOptions: Hashable, Sendable {
  /// How blocks of rows are compressed on disk.
  public enum Compression: String, Hashable, Sendable, CaseIterable {
    case none, snappy, lz4, zstd
  }

  /// Bytes of recent writes that one store keeps in memory before it writes them out as a table, 64 KiB to 1 GiB.
  ///
  /// The write-ahead log grows to about as much before it is begun anew; at most three such buffers exist at once.
  public var writeBufferBytes: Int
  /// Bytes of decompressed blocks that all stores of the process keep in memory together, up to 1 TiB.
  ///
  /// There is one cache; the first store that opens decides its size.
  public var sharedCacheBytes: Int
  /// Table files that one store keeps open at most, 20 to 1,000,000; one opened read-only keeps all of them open.
  public var maxOpenFiles: Int
  public var compression: Compression

  public init(
    writeBufferBytes: Int = 8 << 20, sharedCacheBytes: Int = 64 << 20, maxOpenFiles: Int = 64,
    compression: Compression = .lz4
  ) {
    self.writeBufferBytes = writeBufferBytes
    self.sharedCacheBytes = sharedCacheBytes
    self.maxOpenFiles = maxOpenFiles
    self.compression = compression
  }

  /// - Throws: `.invalidArgument` naming what is out of its bounds.
  func check() throws(PersistencyError) {
    try Self.check("writeBufferBytes", writeBufferBytes, 64 << 10, 1 << 30)
    try Self.check("sharedCacheBytes", sharedCacheBytes, 0, 1 << 40)
    try Self.check("maxOpenFiles", maxOpenFiles, 20, 1_000_000)
  }

  private static func check(_ name: String, _ value: Int, _ low: Int, _ high: Int) throws(PersistencyError) {
    if value < low || value > high {
      throw PersistencyError(.invalidArgument, "RocksOptions.\(name) is \(value); it must be \(low) to \(high)")
    }
  }
}
