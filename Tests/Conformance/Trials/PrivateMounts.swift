import Foundation
import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A thread whose mounts nobody else sees, and that are gone with it whatever happens: no trial leaves one behind, and the
/// rest of the machine keeps its boot id.
enum PrivateMounts {
  /// Runs `body` on such a thread, and its child processes in the same surroundings.
  static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
    let result = Locked<Result<R, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      let outcome = Result {
        try leave()
        return try body()
      }
      result.withLock { $0 = outcome }
      done.signal()
    }
    thread.stackSize = 4 << 20
    thread.start()
    done.wait()
    guard let outcome = result.withLock({ $0 }) else { throw TrialFailure("a thread has left no result") }
    return try outcome.get()
  }

  /// Leaves the mounts of the process.
  private static func leave() throws {
    #if canImport(Darwin)
      throw TrialFailure("this system has no mounts for one thread alone")
    #else
      // Named at run time: the headers show it only to those who ask for GNU's.
      guard let symbol = dlsym(nil, "unshare") else { throw TrialFailure("the C library has no unshare") }
      let unshare = unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)
      let newMounts: Int32 = 0x0002_0000
      guard unshare(newMounts) == 0 else {
        throw TrialFailure("cannot have mounts of one's own: \(String(cString: strerror(errno))); root can")
      }
      try tool("mount", "--make-rprivate", "/")
    #endif
  }

  /// Runs a program of the system's, and gives what it prints.
  @discardableResult
  static func tool(_ words: String...) throws -> [String] {
    let process = try ChildProcess(words)
    let lines = process.readToEnd(within: 60)
    let ending = process.wait()
    guard ending == .exited(0) else { throw TrialFailure("\(words.joined(separator: " ")): \(ending)") }
    return lines
  }
}
