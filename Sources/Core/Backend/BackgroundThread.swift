#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A thread of its own, for what waits outside of Swift: for adapters, as ``Monitor`` is.
///
/// One that nobody joins goes on by itself, and leaves nothing behind when it ends.
public final class BackgroundThread: @unchecked Sendable {
  // Sendable: the handle is written before anyone else has the object, and POSIX lets any thread join.
  private let handle: pthread_t
  private let isJoined = Locked(false)

  /// Starts a thread that runs `body` once.
  ///
  /// - Parameters:
  ///   - name: For `top -H` and debuggers; 15 bytes count.
  ///   - body: May wait as long as it likes.
  /// - Returns: Nil when the system has no thread to give.
  public init?(named name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(name, body))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
          let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
          pthread_setname_np(start.name)
        #else
          guard let context else { return nil }
          let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
          nameThread(start.name)
        #endif
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      return nil
    }
    #if canImport(Darwin)
      guard let thread else { return nil }
    #endif
    handle = thread
  }

  deinit {
    // Without this its stack would stay when it has ended.
    if !isJoined.withLock({ $0 }) { pthread_detach(handle) }
  }

  /// Waits for its end; a second call returns at once.
  ///
  /// Never from the thread itself.
  public func join() {
    let isFirst = isJoined.withLock { isJoined in
      defer { isJoined = true }
      return !isJoined
    }
    if isFirst { pthread_join(handle, nil) }
  }

  /// Starts a thread that nobody waits for; false when there is none to be had.
  static func detach(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    BackgroundThread(named: name, body) != nil
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}

#if !canImport(Darwin)
  /// Names the calling thread.
  ///
  /// `pthread_setname_np` is a GNU extension that the C library's module does not show.
  private func nameThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = name.utf8CString.withUnsafeBytes { bytes in write(file, bytes.baseAddress, bytes.count - 1) }
    close(file)
  }
#endif
