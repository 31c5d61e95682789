#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// How many descriptors the process may have open: files and sockets together.
///
/// An open job takes a few (the README has a table), so that a process with many reaches the usual limit of 1,024 soon. A call that
/// finds too few left throws `.backend` with code `EMFILE`, and nothing is lost; ``raise(to:)`` is there to prevent it.
///
/// The last 16 are not taken knowingly. Swift's runtime on Linux looks after its threads by reading files, and ends the process
/// when it cannot open one.
public enum DescriptorLimit {
  /// What is left to the runtime, and to whatever else needs a few.
  static let reserve = 16

  /// The limit now: the soft one.
  public static var current: Int { Int(clamping: limits().rlim_cur) }

  /// What ``raise(to:)`` can reach: the hard limit, which only an administrator can raise.
  public static var highest: Int {
    let hard = Int(clamping: limits().rlim_max)
    #if canImport(Darwin)
      // The kernel takes no more, whatever the hard limit says.
      return min(hard, Int(OPEN_MAX))
    #else
      return hard
    #endif
  }

  /// Raises the limit of this process, and never lowers it; nothing else in this library does.
  ///
  /// Call it at start. Code that uses `select(2)` cannot deal with descriptors over 1,023, which is why no library
  /// should do this unasked.
  ///
  /// - Parameter wanted: nil is ``highest``; more than that is cut to it.
  /// - Returns: The limit now.
  @discardableResult
  public static func raise(to wanted: Int? = nil) -> Int {
    let target = min(wanted ?? highest, highest)
    var limits = limits()
    guard target > Int(clamping: limits.rlim_cur) else { return current }
    limits.rlim_cur = rlim_t(target)
    setrlimit(resource, &limits)
    return current
  }

  // MARK: For adapters

  private static let promised = Locked<Int>(0)

  /// Runs `body` if as many descriptors as it takes can be had now, besides those that are left alone.
  ///
  /// What others are taking in a `body` at the same time is counted as taken.
  ///
  /// - Parameters:
  ///   - needed: How many `body` takes at most.
  ///   - action: What is about to be done, for the error's message: "opening /path/to/store.db".
  ///   - body: What takes them.
  public static func withRoom<R>(
    for needed: Int, _ action: String, _ body: () throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    let isGranted = promised.withLock { promised in
      guard isFree(promised + needed) else { return false }
      promised += needed
      return true
    }
    guard isGranted else { throw error(EMFILE, action, needed) }
    defer { promised.withLock { $0 -= needed } }
    return try body()
  }

  /// Whether so many descriptors are free, besides those that are left alone; takes none to find out.
  public static func isFree(_ count: Int) -> Bool {
    var missing = count + reserve
    var number = Int32(clamping: current)
    // The lowest free number is always the next to be taken: the free ones are at the top.
    while missing > 0, number > 0 {
      number -= 1
      if fcntl(number, F_GETFD) < 0 { missing -= 1 }
    }
    return missing == 0
  }

  /// The error of a call that found no descriptor, which names the limit and the need; nil for another failure.
  ///
  /// For libraries that report it in words and codes of their own.
  ///
  /// - Parameters:
  ///   - code: The `errno` of the failure.
  ///   - action: What failed: "opening /path/to/store.db".
  ///   - needed: How many more descriptors what was begun would have taken, at most.
  public static func error(code: Int32, _ action: String, needed: Int) -> PersistencyError? {
    code == EMFILE || code == ENFILE ? error(code, action, needed) : nil
  }

  private static func error(_ code: Int32, _ action: String, _ needed: Int) -> PersistencyError {
    let shortage =
      code == ENFILE
      ? "the whole system has no descriptor left; close some, or raise fs.file-max"
      : "of the \(current) descriptors that this process may have too few are left: it needs up to \(needed) more besides \(reserve) that are left alone; raise the limit (ulimit -n, or DescriptorLimit.raise() up to \(highest)), or open fewer jobs"
    return PersistencyError(.backend, "\(action): \(shortage)", backendCode: Int(code))
  }

  // MARK: The system's part

  private static func limits() -> rlimit {
    var limits = rlimit()
    getrlimit(resource, &limits)
    return limits
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif
}
