import Foundation
import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A small disk whose power can be cut: a file system in a file, shut down with what it has not written yet.
///
/// Used on one thread of ``PrivateMounts``, in whose surroundings the machine's boot id is this disk's.
final class PowerDisk {
  /// A file system that can be shut down.
  enum Kind: String, CaseIterable, Sendable {
    case ext4, xfs

    /// Why no disk of this kind can be made here; nil when one can.
    var obstacle: String? { Self.obstacles[self] ?? nil }

    private static let obstacles: [Kind: String?] = Dictionary(
      uniqueKeysWithValues: allCases.map { kind in (kind, obstacle(of: kind)) })

    private static func obstacle(of kind: Kind) -> String? {
      do {
        try PrivateMounts.run {
          let place = try TrialPlace.make()
          defer { place.remove() }
          let disk = try PowerDisk(kind, in: place.path)
          defer { disk.remove() }
          try disk.cut()
          try disk.restore()
        }
        return nil
      } catch {
        return
          "cannot cut the power of \(kind.rawValue) here (that takes root, loop devices and mkfs.\(kind.rawValue)): \(error)"
      }
    }
  }

  private static let bootID = "/proc/sys/kernel/random/boot_id"

  private let image: String
  private let boot: String
  /// Where it is mounted.
  let path: String
  private var device = ""

  init(_ kind: Kind, in directory: String) throws {
    (image, boot, path) = (directory + "/image", directory + "/boot", directory + "/disk")
    guard FileManager.default.createFile(atPath: image, contents: nil), truncate(image, 400 << 20) == 0,
      mkdir(path, 0o700) == 0
    else { throw TrialFailure("cannot make an image in \(directory)") }
    try renewBoot()
    try PrivateMounts.tool("mount", "--bind", boot, Self.bootID)
    switch kind {
    case .ext4: try PrivateMounts.tool("mkfs.ext4", "-q", "-F", image)
    case .xfs: try PrivateMounts.tool("mkfs.xfs", "-q", "-f", image)
    }
    try mount()
  }

  /// Writes some of what the page cache holds, as a system does at any time.
  ///
  /// Pages at random, whose metadata may or may not follow; sometimes everything the file system's journal knows of.
  func writeBack(_ random: inout SeededGenerator) {
    if random.next() % 4 == 0 { commitJournal() }
    let share = random.next() % 4
    for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] where share > 0 {
      let file = open(path + "/" + name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard file >= 0 else { continue }
      var status = stat()
      fstat(file, &status)
      if status.st_mode & S_IFMT == S_IFREG { writeBack(file, pages: Int(status.st_size) / 4_096 + 1, share, &random) }
      close(file)
    }
    if random.next() % 4 == 0 { commitJournal() }
  }

  private func writeBack(_ file: Int32, pages: Int, _ share: UInt64, _ random: inout SeededGenerator) {
    #if !canImport(Darwin)
      guard let symbol = dlsym(nil, "sync_file_range") else { return }
      let syncRange = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int64, Int64, UInt32) -> Int32).self)
      var page = 0
      while page < pages {
        let run = Int(random.next() % 8) + 1
        if random.next() % 4 < share {
          // Before, write, and after.
          _ = syncRange(file, Int64(page) * 4_096, Int64(run) * 4_096, 7)
        }
        page += run
      }
    #endif
  }

  private func commitJournal() {
    let file = open(path + "/unrelated", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    _ = write(file, "x", 1)
    fsync(file)
    close(file)
  }

  /// From here on nothing reaches the disk, its journal's last entries included.
  func cut() throws {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw TrialFailure("cannot open \(path)") }
    defer { close(folder) }
    // FS_IOC_SHUTDOWN, without a flush of the log.
    var flags: UInt32 = 2
    guard ioctl(folder, 0x8004_587D, &flags) == 0 else {
      throw TrialFailure("the file system does not shut down: \(String(cString: strerror(errno)))")
    }
  }

  /// Starts the machine again: mounts what is on the disk, in another boot.
  ///
  /// - Parameter newBoot: False is a fault on purpose.
  func restore(newBoot: Bool = true) throws {
    // Busy for a moment after the last process has died; mounted again too early, it would be the one shut down.
    try retry("unmounting") { try PrivateMounts.tool("umount", path) }
    try detach()
    if newBoot { try renewBoot() }
    try mount()
  }

  func remove() {
    try? retry("unmounting") { try PrivateMounts.tool("umount", path) }
    try? detach()
    _ = try? PrivateMounts.tool("umount", Self.bootID)
  }

  private func mount() throws {
    device = try PrivateMounts.tool("losetup", "--find", "--show", image).first ?? ""
    try PrivateMounts.tool("mount", device, path)
  }

  private func detach() throws {
    _ = try? PrivateMounts.tool("losetup", "--detach", device)
    try retry("detaching") {
      let left = try PrivateMounts.tool("losetup", "--associated", image)
      if !left.isEmpty { throw TrialFailure("\(image) is still attached") }
    }
  }

  private func renewBoot() throws {
    // In place: the mounted file is the one that was there.
    let file = open(boot, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw TrialFailure("cannot write \(boot)") }
    defer { close(file) }
    let id = UUID().uuidString.lowercased() + "\n"
    guard write(file, id, id.utf8.count) == id.utf8.count else { throw TrialFailure("cannot write \(boot)") }
  }

  private func retry(_ what: String, _ body: () throws -> Void) throws {
    let end = ContinuousClock.now + .seconds(10)
    while true {
      do {
        return try body()
      } catch {
        if ContinuousClock.now > end { throw TrialFailure("\(what) takes over ten seconds: \(error)") }
        usleep(20_000)
      }
    }
  }
}
