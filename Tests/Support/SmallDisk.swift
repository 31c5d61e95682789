import Foundation

/// A file system of a few megabytes in memory, to fill up; gone with the value.
///
/// Mounting it needs root.
package final class SmallDisk: Sendable {
  package let path = FileManager.default.temporaryDirectory.path + "/persistency-disk-" + UUID().uuidString

  /// Nil where this process may not mount.
  package init?(megabytes: Int = 1) {
    guard geteuid() == 0,
      (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil
    else { return nil }
    guard run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=700", "tmpfs", path) else {
      rmdir(path)
      return nil
    }
  }

  deinit {
    _ = run("umount", "-l", path)
    rmdir(path)
  }

  package static let isPossible = SmallDisk() != nil

  /// - Returns: Whether it has so many megabytes now.
  package func resize(megabytes: Int) -> Bool { run("mount", "-o", "remount,size=\(megabytes)m", path) }

  /// Leaves not one block free.
  package func fill() throws {
    let file = open(path + "/full", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    defer { close(file) }
    let block = [UInt8](repeating: 0, count: 4096)
    while write(file, block, block.count) > 0 {}
    guard errno == ENOSPC else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  /// Takes what ``fill()`` wrote away again.
  package func makeRoom() { unlink(path + "/full") }
}

/// Runs a program found on the path, in silence.
///
/// - Returns: Whether it said that it succeeded.
package func run(_ tool: String, _ arguments: String...) -> Bool {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [tool] + arguments
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}
