import Foundation
import PersistencyCore
import TestSupport
import Testing

/// What this process takes of the system: of use in a process that runs one test only.
enum ProcessUse {
  /// Whether the system tells.
  static let isKnown = FileManager.default.fileExists(atPath: "/proc/self/fd")

  /// The open descriptors, without the one that lists them.
  static var descriptors: Int { count("/proc/self/fd") - 1 }
  static var threads: Int { count("/proc/self/task") }
  /// The stretches of address space that are mapped.
  static var mappings: Int { lines("/proc/self/maps").count }
  /// Those of them that are files below `path`.
  static func mappings(below path: String) -> Int {
    lines("/proc/self/maps").count { $0.contains(path) }
  }

  /// The bytes of memory in use.
  static var residentBytes: Int {
    let pages = lines("/proc/self/statm").first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Has the allocator give back what it keeps for later, so that what grows is in use.
  static func trim() {
    // Of GNU's library, which does not show it.
    guard let found = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(found, to: (@convention(c) (Int) -> Int32).self)(0)
  }

  /// The processor time of all threads, the system's part included.
  static var processorTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// Limits the descriptors of this process; the hard limit stays.
  static func limitDescriptors(to count: Int) {
    var limits = rlimit()
    getrlimit(resource, &limits)
    limits.rlim_cur = rlim_t(count)
    setrlimit(resource, &limits)
  }

  /// Takes every descriptor that is left, and gives `free` of them back.
  ///
  /// - Returns: Those taken, to be given to ``giveBack(_:)``.
  static func exhaustDescriptors(leaving free: Int) -> [Int32] {
    var taken: [Int32] = []
    while true {
      let copy = dup(0)
      if copy < 0 { break }
      taken.append(copy)
    }
    for _ in 0..<free { taken.popLast().map { _ = close($0) } }
    return taken
  }

  static func giveBack(_ taken: [Int32]) {
    for descriptor in taken { close(descriptor) }
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif

  private static func count(_ folder: String) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
  }

  private static func lines(_ file: String) -> [Substring] {
    // The size of such a file is nought: it must be read until it ends.
    guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.readToEnd() else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n")
  }
}

extension ExitTest.Result {
  /// Prints what the process printed: its figures, and what says why it failed.
  func show() { print(String(decoding: standardOutputContent, as: UTF8.self), terminator: "") }
}

extension Engine {
  /// The engine of this name: a test that runs in a process of its own gets no more than text.
  static func named(_ name: String) throws -> Engine {
    guard let engine = every.first(where: { $0.name == name }) else { throw CocoaError(.featureUnsupported) }
    return engine
  }
}

/// A root on a file system without a disk, where there is one: for what is about numbers, not durability.
func withFastRoot(_ body: (String) async throws -> Void) async throws {
  let memory = "/dev/shm"
  let folder = FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
  let root = folder + "/persistency-test-" + UUID().uuidString
  defer { try? FileManager.default.removeItem(atPath: root) }
  try await body(root)
}
