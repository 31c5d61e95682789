import Foundation

/// An ext4 file system of some megabytes in a file; gone with the value.
///
/// Mounting it needs root, and a free loop device.
package final class LoopDisk: Sendable {
  package let path = FileManager.default.temporaryDirectory.path + "/persistency-loop-" + UUID().uuidString
  private var image: String { path + ".img" }

  /// Nil where this process may not mount.
  package init?(megabytes: Int) {
    guard geteuid() == 0,
      (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil
    else { return nil }
    guard run("truncate", "-s", "\(megabytes)M", image), run("mkfs.ext4", "-qF", "-m", "0", image),
      run("mount", "-o", "loop", image, path)
    else {
      remove()
      return nil
    }
  }

  deinit {
    _ = run("umount", "-l", path)
    remove()
  }

  private func remove() {
    unlink(image)
    rmdir(path)
  }
}
