#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Where ``Persistency/exportJob(_:to:progress:)`` writes.
public struct ByteSink: Sendable {
  let write: @Sendable (_ bytes: RawSpan) throws(PersistencyError) -> Void

  /// - Parameter write: Takes all the bytes; called by one thread at a time, which it may block.
  public init(_ write: @escaping @Sendable (_ bytes: RawSpan) throws(PersistencyError) -> Void) {
    self.write = write
  }

  /// A file, pipe or socket, which stays open.
  ///
  /// The process gets SIGPIPE when nobody reads the other end; where it ignores that signal, the export throws `.backend`.
  public static func descriptor(_ descriptor: Int32) -> ByteSink {
    ByteSink { bytes throws(PersistencyError) in
      try bytes.withUnsafeBytes { bytes throws(PersistencyError) in
        var at = 0
        while at < bytes.count {
          let count = unsafeWrite(descriptor, UnsafeRawBufferPointer(rebasing: bytes[at...]))
          if count > 0 {
            at += count
          } else if errno == EAGAIN {
            _ = wait(for: POLLOUT, on: descriptor, milliseconds: -1)
          } else if errno != EINTR {
            throw FileSystem.failure("write", "the export")
          }
        }
      }
    }
  }
}

/// Where ``Persistency/importJob(_:on:from:progress:)`` reads.
public struct ByteSource: Sendable {
  let read: @Sendable (_ buffer: UnsafeMutableRawBufferPointer) throws(PersistencyError) -> Int?

  /// - Parameter read: Fills the front of the buffer and says how far: 0 at the end; nil when nothing came within a moment, to be
  ///   asked again, so that a cancelled import can end. Called by one thread at a time, which it may block.
  public init(_ read: @escaping @Sendable (_ buffer: UnsafeMutableRawBufferPointer) throws(PersistencyError) -> Int?) {
    self.read = read
  }

  /// A file, pipe or socket, which stays open.
  public static func descriptor(_ descriptor: Int32) -> ByteSource {
    ByteSource { buffer throws(PersistencyError) in
      guard wait(for: POLLIN, on: descriptor, milliseconds: 100) else { return nil }
      let count = unsafeRead(descriptor, buffer)
      if count >= 0 { return count }
      if errno == EINTR || errno == EAGAIN { return nil }
      throw FileSystem.failure("read", "the stream to import")
    }
  }

  /// Bytes in memory.
  public static func bytes(_ bytes: [UInt8]) -> ByteSource {
    let rest = Locked(bytes[...])
    return ByteSource { buffer throws(PersistencyError) in
      rest.withLock { rest in
        let next = rest.prefix(buffer.count)
        buffer.copyBytes(from: next)
        rest = rest.dropFirst(next.count)
        return next.count
      }
    }
  }
}

/// Whether the descriptor is ready, or has failed, which the call that follows will tell.
private func wait(for events: Int32, on descriptor: Int32, milliseconds: Int32) -> Bool {
  var asked = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
  return poll(&asked, 1, milliseconds) != 0
}

// The calls by these names are shadowed by the closures above.
private func unsafeRead(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(file, buffer.baseAddress, buffer.count)
}
private func unsafeWrite(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(file, bytes.baseAddress, bytes.count)
}
