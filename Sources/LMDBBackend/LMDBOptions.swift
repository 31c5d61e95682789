/// What is the LMDB adapter's own to choose; the defaults suit servers.
public struct LMDBOptions: Hashable, Sendable {
  /// The address space that the map begins with, in bytes, never less than the data needs.
  ///
  /// Sparse: it costs neither memory nor disk. The map doubles by itself; where the process may not have so much
  /// address space, opening takes half, and half of that, until it fits.
  public var initialMapBytes: Int
  /// How long a write that needs a larger map waits for the visits of other threads, before it throws `.storageFull`.
  public var growthWait: Duration
  /// The most snapshots that may be read at one time, by all processes together.
  public var maximumReaders: Int

  /// How much of a store is examined at opening, in bytes of its pages, when it was not closed cleanly, or something else
  /// wrote it since; 1 GiB that is in memory takes about half a second.
  ///
  /// The branches of its tree are examined whatever their number. Damage that is found is `.corrupted`; LMDB
  /// would end the process on it.
  public var examinedBytes: Int

  public init(
    initialMapBytes: Int = 4 << 30, growthWait: Duration = .seconds(5), maximumReaders: Int = 8_192,
    examinedBytes: Int = 1 << 30
  ) {
    self.initialMapBytes = initialMapBytes
    self.growthWait = growthWait
    self.maximumReaders = maximumReaders
    self.examinedBytes = examinedBytes
  }
}
