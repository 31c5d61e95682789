import Foundation
import Synchronization

/// Ends the run on Ctrl-C and its like: removes the stores, says one line, and exits as a signal would.
enum Interrupt {
  private static let folder = Mutex<String?>(nil)

  /// Makes a folder that is removed when the run is interrupted, even just after.
  ///
  /// - Returns: The error number when it could not be made.
  static func make(_ path: String) -> Int32? {
    folder.withLock { folder in
      guard mkdir(path, 0o700) == 0 else { return errno }
      folder = path
      return nil
    }
  }

  /// The folder is removed by the run itself.
  static func forget() { folder.withLock { $0 = nil } }

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
      if let path = folder.withLock({ $0 }) { remove(path) }
      // On a terminal the echo of the keys stands where the line begins.
      let start = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
      let line = "\(start)persistency-bench: interrupted; its temporary files are removed\n"
      FileHandle.standardError.write(Data(line.utf8))
      if let path = folder.withLock({ $0 }) { remove(path) }
      _exit(128 + number)
    }
  }

  /// The run goes on meanwhile and may add a file while its folder is emptied.
  private static func remove(_ path: String) {
    for _ in 0..<100 where FileManager.default.fileExists(atPath: path) {
      try? FileManager.default.removeItem(atPath: path)
    }
  }
}
