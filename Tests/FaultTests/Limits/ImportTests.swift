import Foundation
import PersistencyConformance
import PersistencyCore
import PersistencyFaults
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite(
  "An import in which a system call fails",
  .enabled(if: FaultInjector.system != nil, "no call can be made to fail here"))
struct ImportTests {
  private static let payload = [UInt8](repeating: 7, count: 32 << 10)

  /// Six megabytes in rising order, and some rows from the beginning again.
  private static let lists: [[RawRow]] =
    stride(from: 0, to: 200, by: 10).map { rows($0..<$0 + 10) } + [rows(0..<5)]

  private static func rows(_ numbers: Range<Int>) -> [RawRow] {
    numbers.map { RawRow(category: [0x63], key: Key(Int64($0)), payload: payload + [UInt8($0)]) }
  }

  private static let faults: [(Set<Fault.Call>, Int32)] = [
    ([.write], ENOSPC), ([.sync], EIO), ([.open], EMFILE), ([.rename, .remove], EACCES), ([.truncate], EIO),
  ]

  @Test(
    "throws a typed error, spoils nothing that was there, and leaves nothing lying about", arguments: Engine.stored,
    faults.indices)
  func failing(_ engine: Engine, _ index: Int) async throws {
    let (calls, code) = Self.faults[index]
    let system = try #require(FaultInjector.system)
    var (first, step, fired) = (1, 1, 0)
    while true {
      let hits = try await withRoot { root in
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let path = root + "/store" + engine.fileSuffix
        let store = try engine.open(path, StoreOptions(durability: .consistent))
        try store.applyOps([.put(category: "before", key: Key(1), payload: [1])])
        var isWhole = false
        let hits = try system.during(Fault(calls, first: first, .error(code)), below: root) { armed in
          var given = Self.lists[...]
          do throws(PersistencyError) {
            try store.importAll { () throws(PersistencyError) in given.popFirst() }
            isWhole = true
          } catch {
            #expect(error.kind == .storageFull || error.kind == .backend || error.kind == .unsupported, "\(error)")
          }
          return armed.hits
        }
        store.close()
        try Self.check(engine, path, isWhole: isWhole)
        if engine.name == "rocks" {
          let left = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("import-") }
          #expect(left == [])
        }
        return hits
      }
      if hits == 0 { break }
      fired += 1
      // Every one of the first, then fewer: each engine makes hundreds.
      if first >= 12 { step *= 2 }
      first += step
    }
    if calls == [.write] || calls == [.sync] && engine.name == "rocks" { #expect(fired > 0) }
  }

  /// Opened again, it has what was there before, and of the import all, or some rows as they were given.
  private static func check(_ engine: Engine, _ path: String, isWhole: Bool) throws {
    let store = try engine.open(path, StoreOptions(mustExist: true))
    defer { store.close() }
    #expect(try store.getOne(category: "before", key: Key(1)) == [1])
    let found = try store.scanRange(category: "c", range: .all, reverse: false, limit: nil)
    let given = Dictionary(lists.joined().map { ($0.key, $0.payload) }) { _, later in later }
    for row in found { #expect(given[row.key] == row.payload) }
    if isWhole { #expect(found.count == given.count) }
    var findings: [String] = []
    try (store as? any KvMaintenance)?.check { findings.append($0.message) }
    #expect(findings == [])
  }

  @Test("regression: a table that a killed import left is removed by the next opening, and takes no part in it")
  func leftTable() async throws {
    try await withRoot { root in
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let path = root + "/store.rocks"
      try Engine.rocks.open(path, StoreOptions()).close()
      let left = path + "/import-7.dbtmp"
      try Data("half a table".utf8).write(to: URL(filePath: left))
      let store = try Engine.rocks.open(path, StoreOptions(mustExist: true))
      defer { store.close() }
      #expect(!FileManager.default.fileExists(atPath: left))
      #expect(try store.countRange(category: "c", range: .all) == 0)
    }
  }
}
