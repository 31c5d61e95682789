#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the writers of a store know of its state; behind the write lock.
struct RocksWriter {
  /// So many range tombstones may be in the memtable before it is written out.
  ///
  /// RocksDB sorts them anew for the first
  /// read after each write; in a table they are sorted once.
  static let tombstoneLimit = 32

  /// Why no write is taken until the store is opened again.
  var latch: PersistencyError?
  /// What the store ran out of, so that it takes no writes for now; nil when it is not known to.
  var shortage: Shortage?
  /// Range tombstones written since the memtable was last written out.
  var tombstones = 0

  init(isFull: Bool) {
    // Room nought: the first write tries.
    if isFull { shortage = .room(freeBytes: nil, since: .now - .seconds(60)) }
  }
}

extension RocksWriter {
  /// What failed writes for want of something that there may be again, after which RocksDB takes none until it is opened anew.
  enum Shortage {
    /// The disk was full, with so much room, when it was last tried.
    case room(freeBytes: UInt64?, since: ContinuousClock.Instant)
    case descriptors

    /// Nil for a failure of another kind.
    init?(_ failure: RocksFailure, in folder: RocksFolder) {
      if failure.isFull {
        self = .room(freeBytes: folder.freeBytes, since: .now)
      } else if failure.isOfDescriptors {
        self = .descriptors
      } else {
        return nil
      }
    }

    /// Opening anew stops the readers for a moment: not for every write that is tried while there is still nothing to be had.
    func mayHaveEnded(in folder: RocksFolder) -> Bool {
      switch self {
      case .room(let before, let since):
        let free = folder.freeBytes
        let hasMore = before.flatMap { before in free.map { $0 > before } } ?? true
        return hasMore || since.duration(to: .now) > .seconds(1)
      case .descriptors: return DescriptorLimit.isFree(RocksFailure.neededDescriptors)
      }
    }

    var error: PersistencyError {
      let visit = "or a visit keeps it from reopening"
      switch self {
      case .room:
        return PersistencyError(.storageFull, "the disk of the store is full, \(visit); make room")
      case .descriptors:
        return RocksFailure("the store takes no writes for want of descriptors, \(visit)").outOfDescriptors(EMFILE)
      }
    }
  }
}
