public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The disk is full.
let noSpace = ENOSPC

extension FaultSweep {
  /// Every class of calls that can fail at each moment, as a disk, a limit or a neighbour makes it fail.
  public static func all(_ durability: Durability = .full) -> [FaultSweep] {
    (writing + opening + making + reading + closing).map { sweep in
      var sweep = sweep
      sweep.durability = durability
      return sweep
    }
  }

  static let fullDisk = [
    FaultSweep(.writing, [.write], .error(ENOSPC)),
    FaultSweep(.writing, [.write, .truncate], .error(ENOSPC), lasts: true),
    FaultSweep(.writing, [.truncate], .error(ENOSPC)),
  ]
  static let failedWrites = [
    FaultSweep(.writing, [.write], .error(EIO)), FaultSweep(.writing, [.write, .sync], .error(EIO), lasts: true),
    FaultSweep(.writing, [.truncate], .error(EIO)), FaultSweep(.writing, [.rename, .remove], .error(EIO)),
  ]
  static let failedSyncs = [
    FaultSweep(.writing, [.sync], .error(EIO)), FaultSweep(.writing, [.sync], .error(EIO), lasts: true),
    FaultSweep(.writing, [.sync], .error(ENOSPC)),
  ]
  static let shortWrites = [FaultSweep(.writing, [.write], .short)]
  static let fewDescriptors = [
    FaultSweep(.writing, [.open], .error(EMFILE)), FaultSweep(.reading, [.open], .error(EMFILE)),
    FaultSweep(.reading, [.open], .error(EMFILE), lasts: true),
    FaultSweep(.closing, [.open], .error(EMFILE), lasts: true),
  ]
  static let fewMappings = [
    FaultSweep(.writing, [.map], .error(ENOMEM)), FaultSweep(.reading, [.map], .error(ENOMEM)),
    FaultSweep(.opening, [.map], .error(ENOMEM)),
  ]

  private static let writing = fullDisk + failedWrites + failedSyncs + shortWrites + fewDescriptors + fewMappings

  static let opening = disturbed(.opening)
  static let making = disturbed(.making) + [FaultSweep(.making, [.makeFolder], .error(ENOSPC))]

  private static func disturbed(_ moment: FaultTrial.Moment) -> [FaultSweep] {
    [
      FaultSweep(moment, [.open], .error(EMFILE)), FaultSweep(moment, [.open], .error(EIO)),
      FaultSweep(moment, [.read], .error(EIO)), FaultSweep(moment, [.write], .error(EIO)),
      FaultSweep(moment, [.write, .truncate], .error(ENOSPC), lasts: true), FaultSweep(moment, [.write], .short),
      FaultSweep(moment, [.sync], .error(EIO)), FaultSweep(moment, [.truncate], .error(EIO)),
      FaultSweep(moment, [.rename, .remove], .error(EIO)),
    ]
  }

  static let reading = [
    FaultSweep(.reading, [.read], .error(EIO)), FaultSweep(.reading, [.read], .error(EIO), lasts: true),
  ]

  static let closing = [
    FaultSweep(.closing, [.write], .error(EIO)),
    FaultSweep(.closing, [.write, .truncate], .error(ENOSPC), lasts: true),
    FaultSweep(.closing, [.sync], .error(EIO)),
    FaultSweep(.closing, [.write, .sync, .truncate], .error(EIO), lasts: true),
    FaultSweep(.closing, [.rename, .remove], .error(EIO), lasts: true), FaultSweep(.closing, [.write], .short),
  ]
}
