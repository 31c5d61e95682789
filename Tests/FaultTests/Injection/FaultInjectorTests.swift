import Foundation
import PersistencyConformance
import PersistencyFaults
import TestSupport
import Testing

@Suite("System calls that fail on demand", .enabled(if: FaultInjector.system != nil, "this build makes none fail"))
struct FaultInjectorTests {
  /// A call of each class on a file in a folder: 0, or its `errno`.
  private static func make(_ call: Fault.Call, in folder: String) -> Int32 {
    let path = folder + "/file"
    let file = open(path, O_RDWR | O_CREAT, 0o600)
    if file < 0 { return errno }
    defer { close(file) }
    var byte: UInt8 = 7
    errno = 0
    switch call {
    case .write: return write(file, &byte, 1) == 1 && pwrite(file, &byte, 1, 0) == 1 ? 0 : errno
    case .sync: return fsync(file) == 0 && fdatasync(file) == 0 ? 0 : errno
    case .truncate: return ftruncate(file, 10) == 0 && truncate(path, 20) == 0 ? 0 : errno
    case .open: return 0
    case .read: return pread(file, &byte, 1, 0) >= 0 ? 0 : errno
    case .map:
      guard ftruncate(file, 4_096) == 0 else { return errno }
      let address = mmap(nil, 4_096, PROT_READ, MAP_SHARED, file, 0)
      guard address != MAP_FAILED else { return errno }
      munmap(address, 4_096)
      return 0
    case .rename: return rename(path, path + "2") == 0 ? 0 : errno
    case .remove: return unlink(path) == 0 ? 0 : errno
    case .makeFolder: return mkdir(folder + "/below", 0o700) == 0 && rmdir(folder + "/below") == 0 ? 0 : errno
    }
  }

  @Test("fail below the folder and nowhere else, with the code asked for, once", arguments: Fault.Call.allCases)
  func once(_ call: Fault.Call) async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      let (here, there) = (root + "/here", root + "/here2")
      for folder in [here, there] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      #expect(Self.make(call, in: here) == 0)
      try system.during(Fault([call], .error(EDQUOT)), below: here) { armed in
        #expect(Self.make(call, in: there) == 0)
        #expect(armed.seen == 0)
        #expect(Self.make(call, in: here) == EDQUOT)
        #expect(armed.hits == 1)
        #expect(Self.make(call, in: here) == 0)
        #expect(armed.hits == 1 && armed.seen > 1)
      }
      #expect(Self.make(call, in: here) == 0)
    }
  }

  @Test("fail from the n-th on, so many times or for good")
  func numbers() async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      func outcomes(_ fault: Fault) throws -> [Bool] {
        try system.during(fault, below: root) { _ in (0..<6).map { _ in Self.make(.sync, in: root) == 0 } }
      }
      // A round is two syncs, of which the second is not made when the first fails.
      #expect(try outcomes(Fault([.sync], first: 3, .error(EIO))) == [true, false, true, true, true, true])
      #expect(try outcomes(Fault([.sync], first: 3, count: 2, .error(EIO))) == [true, false, false, true, true, true])
      #expect(
        try outcomes(Fault([.write, .sync], first: 4, count: nil, .error(EIO))) == [
          true, false, false, false, false, false,
        ])
    }
  }

  @Test("are cut short, or wait until they are let go")
  func others() async throws {
    let system = try #require(FaultInjector.system)
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let file = open(root + "/file", O_RDWR | O_CREAT, 0o600)
      defer { close(file) }
      let bytes = [UInt8](repeating: 1, count: 100)
      try system.during(Fault([.write], .short), below: root) { _ in
        #expect(write(file, bytes, 100) == 50)
        #expect(write(file, bytes, 100) == 100)
      }
      let done = DispatchSemaphore(value: 0)
      try system.during(Fault([.sync], count: nil, .hold), below: root) { armed in
        Thread {
          fsync(file)
          done.signal()
        }.start()
        while armed.hits == 0 { usleep(1_000) }
        #expect(done.wait(timeout: .now() + .milliseconds(20)) == .timedOut)
        armed.release()
        done.wait()
        #expect(fsync(file) == 0)
      }
    }
  }

  @Test("kill the process")
  func killing() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
        let system = try #require(FaultInjector.system)
        try system.during(Fault([.sync], first: 2, .kill), below: root) { _ in
          let file = open(root + "/file", O_RDWR | O_CREAT, 0o600)
          fsync(file)
          write(file, "x", 1)
          fsync(file)
          exit(0)
        }
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: root + "/file")) == Data("x".utf8))
    }
  }
}
