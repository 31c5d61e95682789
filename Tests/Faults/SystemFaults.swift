internal import CPersistencyFaults
public import PersistencyConformance

extension FaultInjector {
  /// The system calls of this very process, those of the engines' libraries included; nil where that cannot be: on other
  /// systems than Linux with glibc, and under a sanitizer.
  ///
  /// Linking this module is what lets it: the program then has functions of its own in place of the C library's, which make
  /// the system call unless a fault is armed. Tests that run beside one another do not disturb each other, as long as
  /// their folders are different.
  public static let system: FaultInjector? =
    persistency_faults_available()
    ? FaultInjector { fault, folder in
      let (effect, code) = fault.effect.parts
      let number = persistency_fault_arm(
        folder, fault.calls.reduce(0) { $0 | $1.bit }, UInt64(clamping: fault.first),
        UInt64(clamping: fault.count ?? 0),
        effect, code)
      guard number >= 0 else { throw TooManyFaults(folder: folder) }
      return ArmedFault {
        (Int(clamping: persistency_fault_seen(number)), Int(clamping: persistency_fault_hits(number)))
      } release: {
        persistency_fault_release(number)
      } disarm: {
        persistency_fault_disarm(number)
      }
    } : nil
}

/// The wall clock of this process, for tests in a process of their own.
public enum WallClock {
  /// From now on it is `seconds` ahead of the system's, or behind; clocks that nobody sets stay as they are.
  public static func shift(by seconds: Int64) { persistency_fault_shift_clock(seconds) }
}

struct TooManyFaults: Error, CustomStringConvertible {
  let folder: String
  var description: String { "too many faults are armed, or \(folder) is no absolute path of less than 512 bytes" }
}

extension Fault.Call {
  fileprivate var bit: UInt32 {
    let bit =
      switch self {
      case .write: PERSISTENCY_CALL_WRITE
      case .sync: PERSISTENCY_CALL_SYNC
      case .truncate: PERSISTENCY_CALL_TRUNCATE
      case .open: PERSISTENCY_CALL_OPEN
      case .read: PERSISTENCY_CALL_READ
      case .map: PERSISTENCY_CALL_MAP
      case .rename: PERSISTENCY_CALL_RENAME
      case .remove: PERSISTENCY_CALL_REMOVE
      case .makeFolder: PERSISTENCY_CALL_FOLDER
      }
    return UInt32(bit)
  }
}

extension Fault.Effect {
  fileprivate var parts: (effect: Int32, code: Int32) {
    switch self {
    case .error(let code): (Int32(PERSISTENCY_EFFECT_ERROR), code)
    case .short: (Int32(PERSISTENCY_EFFECT_SHORT), 0)
    case .kill: (Int32(PERSISTENCY_EFFECT_KILL), 0)
    case .hold: (Int32(PERSISTENCY_EFFECT_HOLD), 0)
    }
  }
}
