import Foundation
import PersistencyCore

/// The statuses that the tool ends with: those of `sysexits.h`, where one fits.
enum ExitStatus: Int32 {
  case success = 0
  /// Asked, and the answer is no.
  case negative = 1
  case usage = 64
  case damaged = 65
  case notFound = 66
  case unsupported = 69
  case software = 70
  case exists = 73
  case failed = 74
  case tryLater = 75

  init(_ kind: PersistencyError.Kind) {
    switch kind {
    case .invalidArgument: self = .usage
    case .corrupted: self = .damaged
    case .jobNotFound: self = .notFound
    case .unsupported: self = .unsupported
    case .closed, .cancelled: self = .software
    case .conflict: self = .exists
    case .backend, .storageFull: self = .failed
    case .locked, .timeout: self = .tryLater
    @unknown default: self = .failed
    }
  }

  /// Ends the process without the C library's clean-up, which would meet threads at work.
  func exit() -> Never { Self.exit(rawValue) }
  static func exit(_ status: Int32) -> Never { _exit(status) }

  /// For `--help`.
  static let table = """
    EXIT STATUS
      0    done
      1    asked, and the answer is no: no such row, a check with findings, a conformance failure
      64   the command line cannot be followed
      65   damaged: a store, a manifest or a stream
      66   no such job
      69   this engine, version or mode cannot do it
      73   the target exists already
      74   the disk is full, or the engine failed
      75   another process has the job; try again when it is done
      130  interrupted by Ctrl-C; 128 and its number for another signal
    """
}
