import Foundation
import PersistencyCore

/// Stands between libpq and the server, and does to a connection what networks do.
final class SocketProxy: @unchecked Sendable {
  // Sendable: `state` is behind a lock; the rest is set before the first thread starts.

  enum Fault: Sendable {
    /// Passes everything on.
    case none
    /// Once a commit was passed on and answered, neither the answer nor anything else gets through: the link is cut.
    case cutAfterCommit
    /// A commit does not get through: the link is cut.
    case cutBeforeCommit
    /// Nothing gets through any more, and nobody says so.
    case stall
  }

  private struct State {
    var fault = Fault.none
    var connections = 0
    var isClosed = false
  }

  private let state = Locked(State())
  private let folder: String
  private let target: String
  private let listener: Int32

  /// - Parameter server: The folder of the server's socket.
  init(to server: String) throws {
    folder = "/tmp/kvproxy-\(UInt32.random(in: .min ... .max))"
    target = server + "/.s.PGSQL.5432"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let bound = Self.with(folder + "/.s.PGSQL.5432") { bind(listener, $0, $1) }
    guard bound == 0, listen(listener, 64) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    Thread.detachNewThread { self.accept() }
  }

  deinit {
    close(listener)
    try? FileManager.default.removeItem(atPath: folder)
  }

  var connection: String { "host=\(folder) user=kv dbname=postgres" }
  var connections: Int { state.withLock { $0.connections } }

  /// Once: after a cut there are none, until it is asked for again.
  func fail(_ fault: Fault) { state.withLock { $0.fault = fault } }

  func stop() {
    state.withLock { $0.isClosed = true }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while true {
      let client = Foundation.accept(listener, nil, nil)
      if client < 0 { return }
      let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      guard Self.with(target, { connect(server, $0, $1) }) == 0 else {
        close(client)
        close(server)
        continue
      }
      state.withLock { $0.connections += 1 }
      Thread.detachNewThread { self.serve(client, server) }
    }
  }

  /// Pumps both ways until one end or a fault cuts it.
  private func serve(_ client: Int32, _ server: Int32) {
    defer {
      close(client)
      close(server)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var swallows = false
    while true {
      var polled = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&polled, 2, 20)
      let fault = state.withLock { $0.isClosed ? Fault.cutBeforeCommit : $0.fault }
      if state.withLock({ $0.isClosed }) { return }
      if case .stall = fault { continue }
      for (index, entry) in polled.enumerated() where entry.revents != 0 {
        let count = read(entry.fd, &buffer, buffer.count)
        if count <= 0 { return }
        let bytes = Array(buffer[..<count])
        if index == 0, Self.commits(bytes) {
          switch fault {
          case .cutBeforeCommit:
            state.withLock { $0.fault = .none }
            return
          case .cutAfterCommit: swallows = true
          default: break
          }
        }
        if index == 1 && swallows {
          // It answered: it has committed.
          state.withLock { $0.fault = .none }
          return
        }
        guard Self.write(bytes, to: index == 0 ? server : client) else { return }
      }
    }
  }

  /// Whether the prepared command of that name is executed in there.
  private static func commits(_ bytes: [UInt8]) -> Bool {
    let name = Array("\0commit\0".utf8)
    guard bytes.count >= name.count else { return false }
    return (0...(bytes.count - name.count)).contains { start in
      bytes[start] == 0 && bytes[start..<start + name.count].elementsEqual(name)
    }
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
