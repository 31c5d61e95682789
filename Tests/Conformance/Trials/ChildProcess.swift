import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A started program whose standard output is read line by line.
///
/// Foundation's `Process` would do, were it not for when it notices an end, and for the threads and descriptors it keeps: here a process
/// is killed between two of its system calls, and counted.
final class ChildProcess {
  enum Ending: Hashable, Sendable {
    case exited(Int32)
    case killed(Int32)
  }

  enum Reading {
    /// What has come, whole lines only; may be none.
    case lines([String])
    /// Nobody has the other end any more.
    case end
  }

  let id: pid_t
  private let output: Int32
  private var rest: [UInt8] = []
  private var ending: Ending?

  /// One at a time: an end of a pipe that another child inherits before it is marked would hide that this child has ended.
  private static let starting = Locked(())

  /// - Parameters:
  ///   - words: The program, by its path or found on `PATH`, and its arguments.
  ///   - errors: The file that its standard error is added to.
  init(_ words: [String], errors: String = "/dev/null") throws {
    (id, output) = try Self.starting.withLock { _ in
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw TrialFailure("no pipe: \(String(cString: strerror(errno)))") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      defer { close(ends[1]) }
      do {
        return (try Self.spawn(words, output: ends[1], errors), ends[0])
      } catch {
        close(ends[0])
        throw error
      }
    }
  }

  private static func spawn(_ words: [String], output: Int32, _ errors: String) throws -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, words[0], &actions, nil, &arguments, environ)
    guard code == 0 else { throw TrialFailure("cannot start \(words[0]): \(String(cString: strerror(code)))") }
    return id
  }

  deinit {
    if ending == nil {
      kill(SIGKILL)
      _ = wait()
    }
    close(output)
  }

  /// What it has printed since the last call, or does within `milliseconds`.
  func read(within milliseconds: Int) -> Reading {
    var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    guard posixPoll(&poll, milliseconds) > 0 else { return .lines([]) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = posixRead(output, &chunk)
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return .lines([]) }
    guard count > 0 else { return .end }
    rest += chunk[..<count]
    guard let last = rest.lastIndex(of: UInt8(ascii: "\n")) else { return .lines([]) }
    let lines = rest[..<last].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    rest.removeSubrange(...last)
    return .lines(lines.map { String(decoding: $0, as: UTF8.self) })
  }

  /// Everything it prints until it ends, at most `seconds` from now; it is killed then.
  func readToEnd(within seconds: Int) -> [String] {
    var all: [String] = []
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      switch read(within: 200) {
      case .lines(let lines): all += lines
      case .end: return all
      }
    }
    kill(SIGKILL)
    return all
  }

  func kill(_ signal: Int32) {
    // An id that was waited for may be another process's by now.
    if ending == nil { _ = posixKill(id, signal) }
  }

  /// Stops all its threads where they are, and returns when they are.
  func stop() {
    kill(SIGSTOP)
    var status: Int32 = 0
    while waitpid(id, &status, WUNTRACED) < 0 && errno == EINTR {}
    if status & 0xFF != 0x7F { ending = Self.ending(status) }
  }

  /// Waits for its end, and forgets it.
  func wait() -> Ending {
    if let ending { return ending }
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    let ending = Self.ending(status)
    self.ending = ending
    return ending
  }

  private static func ending(_ status: Int32) -> Ending {
    status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
  }
}

// The calls by these names are shadowed inside the class by its own.
private func posixRead(_ file: Int32, _ chunk: inout [UInt8]) -> Int { read(file, &chunk, chunk.count) }
private func posixKill(_ id: pid_t, _ signal: Int32) -> Int32 { kill(id, signal) }
private func posixPoll(_ poll: inout pollfd, _ milliseconds: Int) -> Int32 { systemPoll(&poll, 1, Int32(milliseconds)) }
private let systemPoll = poll

/// A trial that could not be made: the surroundings failed, not the adapter.
struct TrialFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
