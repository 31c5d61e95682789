import Foundation
import PersistencyCore

extension ConformanceCheck {
  /// Capabilities: what is declared holds, and what is not declared is absent.
  static let capabilities: [ConformanceCheck] =
    Capabilities.Maintenance.allCases.map { kind in
      ConformanceCheck(
        "capabilities.undeclared-\(kind.rawValue)",
        "An engine that does not declare \(kind.rawValue) does not offer it",
        paragraph: "capabilities",
        unless: { $0.capabilities.maintenance.contains(kind) ? "\(kind.rawValue) is declared" : nil }
      ) { check in
        let store = try check.open([.set("a", "1")])
        guard let maintenance = store as? any KvMaintenance else {
          return try check.expect(
            check.fixture.capabilities.maintenance.isEmpty, "declares some maintenance, but is no KvMaintenance")
        }
        try check.expectError(.unsupported, kind.rawValue) { try call(kind, maintenance, check) }
        try check.expectStore(store, ["a=1"])
      }
    } + [
      ConformanceCheck(
        "capabilities.size", "The size on disk grows with what is stored, and counts nothing for a store without files",
        paragraph: "capabilities", unless: undeclared(.sizeOnDisk)
      ) { check in
        let store = try maintained(check)
        let before = try store.sizeOnDisk()
        let payload = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 >> 5) }
        try store.applyOps(
          (0..<1_000).map {
            .put(category: "c", key: Key(plain: numbered($0)), payload: payload + [UInt8]("\($0)".utf8))
          })
        let after = try store.sizeOnDisk()
        if check.fixture.capabilities.persistent {
          try check.expect(before >= 0 && after >= before + (1 << 20), "\(before) bytes became \(after)")
        } else {
          try check.expectEqual([before, after], [0, 0], "the bytes on disk")
        }
      },
      ConformanceCheck(
        "capabilities.size-beside-writer", "The size may be asked inside visits and beside writers", paragraph: "4.12",
        unless: undeclared(.sizeOnDisk)
      ) { check in
        let store = try maintained(check)
        try store.applyOps([.set("a", "1")])
        try watch(
          check, rounds: 30, write: { round in try store.applyOps([.set("b", "\(round)")]) },
          read: {
            try store.visit(category: "c") { _, _ in
              try check.expect(try store.sizeOnDisk() >= 0, "a negative size")
              return .next
            }
          })
      },
      ConformanceCheck(
        "capabilities.check-finds-nothing", "The engine's own check finds nothing in a sound store, empty or full",
        paragraph: "capabilities", unless: undeclared(.check)
      ) { check in
        let store = try maintained(check)
        try expectSound(check, store)
        try store.applyOps((0..<2_000).map { .set(numbered($0), String(repeating: "x", count: $0 % 300)) })
        try expectSound(check, store)
        try store.applyOps([
          .clear("000100", "001900"), .set("", ""), .set("a", "1", in: ""),
          .put(
            category: "long", key: Key(rawBytes: [UInt8](repeating: 7, count: check.fixture.limits.keyBytes)),
            payload: [1]),
        ])
        try expectSound(check, store)
      },
      ConformanceCheck(
        "capabilities.check-changes-nothing",
        "The engine's own check leaves every row, and the store takes writes after",
        paragraph: "capabilities", unless: undeclared(.check)
      ) { check in
        let store = try maintained(check)
        try store.applyOps((0..<500).map { .set(numbered($0), "1") })
        let rows = try store.everything()
        try expectSound(check, store)
        try check.expectStore(store, rows)
        try store.applyOps([.clear()])
        try check.expectStore(store, [])
      },
      ConformanceCheck(
        "capabilities.reclaim-keeps-rows", "Reclaiming space, with much deleted or nothing, keeps every row",
        paragraph: "capabilities", unless: undeclared(.reclaim)
      ) { check in
        let store = try maintained(check)
        try check.expect(try store.reclaim(budget: .milliseconds(50)) >= 0, "fewer than no bytes were given back")
        let payload = String(repeating: "p", count: 2_000)
        try store.applyOps((0..<2_000).map { .set(numbered($0), payload) })
        try store.applyOps([.clear("000010", "001990")])
        let rows = try store.everything()
        try check.expect(try store.reclaim(budget: .milliseconds(200)) >= 0, "fewer than no bytes were given back")
        try check.expectStore(store, rows)
        try store.applyOps([.set("new", "1")])
        try check.expectEqual(try store.text("new"), "1", "a row written afterwards")
      },
      ConformanceCheck(
        "capabilities.backup-holds-all", "A backup opens as a store of its own, with every row",
        paragraph: "capabilities",
        unless: undeclared(.backup)
      ) { check in
        let store = try maintained(check)
        let ops: [TxOp] = (0..<1_000).map { .set(numbered($0), "\($0)") }
        try store.applyOps(ops + [.set("", ""), .set("k", "1", in: ""), .set("k", "2", in: "d")])
        let rows = try store.everything()
        let directory = try check.makeDirectory("backup")
        try store.backup(to: directory + "/" + (try storeName(check)))
        try store.applyOps([.clear()])
        let copy = try check.open(in: directory)
        try check.expectStore(copy, rows, "the backup")
        try copy.applyOps([.set("new", "1")])
        try check.expectStore(store, ["/k=1", "d/k=2"], "the store that was backed up")
      },
      ConformanceCheck(
        "capabilities.backup-is-one-state", "A backup made beside a writer holds one state, no half of a batch",
        paragraph: "capabilities", unless: undeclared(.backup)
      ) { check in
        let store = try maintained(check)
        let keys = (0..<200).map { numbered($0) }
        try store.applyOps(keys.map { .set($0, "0") })
        let name = try storeName(check)
        let number = Locked(0)
        try check.concurrently(2) { index in
          for round in 1...(index == 0 ? 60 : 3) {
            if index == 0 {
              try store.applyOps(keys.map { .set($0, "\(round)") })
            } else {
              let directory = try check.makeDirectory("backup \(round)")
              try store.backup(to: directory + "/" + name)
              number.withLock { $0 = round }
            }
          }
        }
        try check.expectEqual(number.withLock { $0 }, 3, "the number of backups")
        for round in 1...3 {
          let copy = try check.open(in: check.directory + "/backup \(round)")
          let payloads = Set(try copy.texts().map { $0.split(separator: "=")[1] })
          try check.expectEqual(payloads.count, 1, "the number of batches in the backup at once")
          copy.close()
        }
      },
    ]

  private static func undeclared(_ kind: Capabilities.Maintenance) -> @Sendable (BackendFixture) -> String? {
    { $0.capabilities.maintenance.contains(kind) ? nil : "\(kind.rawValue) is not declared" }
  }

  private static func maintained(_ check: CheckContext) throws -> any KvMaintenance {
    guard let store = try check.open() as? any KvMaintenance else {
      throw check.failure("declares maintenance, but is no KvMaintenance")
    }
    return store
  }

  private static func expectSound(_ check: CheckContext, _ store: any KvMaintenance) throws {
    var findings: [String] = []
    try store.check { findings.append($0.message) }
    try check.expectEqual(findings, [], "the findings")
  }

  private static func call(
    _ kind: Capabilities.Maintenance, _ store: any KvMaintenance, _ check: CheckContext
  ) throws {
    switch kind {
    case .sizeOnDisk: _ = try store.sizeOnDisk()
    case .check: try store.check { _ in }
    case .reclaim: _ = try store.reclaim(budget: .milliseconds(10))
    case .backup: try store.backup(to: check.directory + "/copy")
    }
  }

  /// What the fixture calls its store in a directory: the name that those of all its other files begin with.
  private static func storeName(_ check: CheckContext) throws -> String {
    let names = try check.names(in: check.directory)
    guard let name = names.first(where: { name in names.allSatisfy { $0.hasPrefix(name) || $0 == "backup" } }) else {
      throw check.failure("cannot tell which of \(names) is the store")
    }
    return name
  }
}
