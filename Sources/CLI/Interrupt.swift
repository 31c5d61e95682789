import Foundation
import PersistencyCore
import Synchronization

/// What Ctrl-C does: the first ends the work between two steps, the second, or three seconds without an end, the process.
enum Interrupt {
  private struct State {
    var work: Task<Never, Never>?
    /// The signal that came, if one did.
    var number: Int32?
    var leaves: String?
  }

  private static let state = Mutex(State())
  private static let patience: UInt32 = 3

  /// The status to end with; nil while no signal has come.
  static var status: Int32? { state.withLock { $0.number }.map { 128 + $0 } }

  /// Says what is left where when the command is interrupted from here on.
  static func leaves(_ text: String) { state.withLock { $0.leaves = text } }

  static func interrupts(_ work: Task<Never, Never>) {
    let isPending = state.withLock { state in
      state.work = work
      return state.number != nil
    }
    if isPending { work.cancel() }
  }

  static var message: String {
    let leaves = state.withLock { $0.leaves }
    return "interrupted; \(leaves ?? "nothing was changed")"
  }

  /// Must come before any other thread: those made later inherit the mask, so that only the watching one gets the signals.
  static func watch() {
    signal(SIGPIPE, SIG_IGN)
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let signals = set
    Thread.detachNewThread {
      var set = signals
      var number: Int32 = 0
      guard sigwait(&set, &number) == 0 else { return }
      let first = number
      let work = state.withLock { state in
        state.number = first
        return state.work
      }
      work?.cancel()
      Thread.detachNewThread {
        sleep(patience)
        end()
      }
      guard sigwait(&set, &number) == 0 else { return }
      end()
    }
  }

  private static func end() -> Never {
    // On a terminal the echo of the keys stands where the line begins.
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    PersistencyTool.complain(message)
    _exit(status ?? ExitStatus.software.rawValue)
  }
}
