import Foundation
import PersistencyLMDB
import Testing

/// A fresh folder for one test, removed after it.
final class LMDBStore {
  let root: URL
  var path: String { root.appendingPathComponent("store.lmdb").path }
  var data: String { path + "/data.mdb" }

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("lmdb-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  func open(
    _ store: StoreOptions = .init(), map: Int = 1 << 30, growthWait: Duration = .seconds(5)
  ) throws -> LMDBBackend {
    try LMDBBackend(
      path: path, store: store, options: LMDBOptions(initialMapBytes: map, growthWait: growthWait))
  }

  /// Opening must fail so, and leave what is in the folder as it is.
  func refuses(
    _ kind: PersistencyError.Kind, _ store: StoreOptions = .init(),
    at location: SourceLocation = #_sourceLocation
  ) {
    let before = listing()
    let error = #expect(throws: PersistencyError.self, sourceLocation: location) { try self.open(store).close() }
    #expect(error?.kind == kind, "\(String(describing: error))", sourceLocation: location)
    #expect(listing() == before, sourceLocation: location)
  }

  func listing() -> [String: Data] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: root.path)) ?? []
    return names.reduce(into: [:]) { files, name in
      files[name] = FileManager.default.contents(atPath: root.appendingPathComponent(name).path) ?? Data()
    }
  }
}

extension LMDBBackend {
  func findings() throws -> [String] {
    var found: [String] = []
    try check { found.append($0.message) }
    return found
  }

  func rows() throws -> [[[UInt8]]] {
    var rows: [[[UInt8]]] = []
    try visitAll { category, key, payload in
      rows.append([[UInt8](copying: category), [UInt8](copying: key), [UInt8](copying: payload)])
      return .next
    }
    return rows
  }
}

/// Runs `body` in so many threads of its own at once, and waits for them.
func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread {
      body(index)
      group.leave()
    }.start()
  }
  group.wait()
}

func raw(_ bytes: [UInt8]) -> Key { Key(rawBytes: bytes) }

func bytes(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }

/// SplitMix64, so that a failure can be run again.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
