#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The stores open in this process, by device and inode: none is opened twice, by whatever path.
///
/// Opening a store's file a second time and closing it again would drop the POSIX locks of the first handle, for SQLite
/// and LMDB alike.
public enum StoreRegistry {
  /// One store's place in the registry; give it back with ``release(_:)``.
  public struct Claim: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  private static let open = Locked<Set<Claim>>([])

  /// Claims the file or folder at `path`, which must exist.
  ///
  /// - Throws: `.locked` when this process has it open already; `.backend` with the `errno` when it cannot be examined.
  public static func claim(_ path: String) throws(PersistencyError) -> Claim {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      let reason = String(cString: strerror(code))
      throw PersistencyError(.backend, "cannot examine \(path): \(reason)", backendCode: Int(code))
    }
    let claim = Claim(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
    guard open.withLock({ $0.insert(claim).inserted }) else {
      throw PersistencyError(.locked, "\(path) is open in this process already; use that handle, or close it first")
    }
    return claim
  }

  /// Sees that the file or folder at `path` is there, and claims it, as one step.
  ///
  /// Of several threads that open one new store exactly one makes it, and that one gets it. Whoever made it and then
  /// fails to open it removes it again *before* it releases the claim: afterwards it may be another's.
  ///
  /// - Parameters:
  ///   - path: Of the store, by whatever links and names it leads there.
  ///   - prepare: Looks what is there and makes what is not; its answer is given back.
  /// - Throws: What `prepare` throws; else as ``claim(_:)``.
  public static func claim<Found: Sendable>(
    _ path: String, preparing prepare: () throws(PersistencyError) -> Found
  ) throws(PersistencyError) -> (claim: Claim, found: Found) {
    preparation.lock()
    defer { preparation.unlock() }
    let found = try prepare()
    return (try claim(path), found)
  }

  private static let preparation = Monitor()

  /// Gives a claim back, when every descriptor of the store is closed.
  public static func release(_ claim: Claim) {
    _ = open.withLock { $0.remove(claim) }
  }
}
