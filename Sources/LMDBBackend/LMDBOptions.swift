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

  public init(
    initialMapBytes: Int = 4 << 30, growthWait: Duration = .seconds(5), maximumReaders: Int = 8_192
  ) {
    self.initialMapBytes = initialMapBytes
    self.growthWait = growthWait
    self.maximumReaders = maximumReaders
  }
}
