public import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Notices that a handle came into this process by `fork`, where using it would damage the parent's store.
///
/// A counter that `pthread_atfork` raises in the child: reading it costs one load, where `getpid()` costs a system
/// call.
public struct ForkGuard: Sendable {
  @usableFromInline let generation: Int

  /// Remembers the process it is made in.
  public init() {
    ForkGeneration.arm
    generation = ForkGeneration.current.load(ordering: .relaxed)
  }

  /// Whether this is a forked child of the process that made it.
  @inlinable public var isForked: Bool { ForkGeneration.current.load(ordering: .relaxed) != generation }
}

@usableFromInline
enum ForkGeneration {
  @usableFromInline static let current = Atomic<Int>(0)

  static let arm: Void = {
    // Made before the handler can run, so that a child never initialises it between fork and exec.
    _ = current.load(ordering: .relaxed)
    _ = pthread_atfork(nil, nil, { ForkGeneration.current.add(1, ordering: .relaxed) })
  }()
}
