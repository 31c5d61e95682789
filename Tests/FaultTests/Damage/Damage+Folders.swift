import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

// MARK: LMDB

extension Damage {
  static let lmdb: [Damage] = [
    lmdb("its first head is garbage") { try $0.overwrite($0.data, with: noise(4_096)) },
    lmdb("its second head is garbage") { try $0.overwrite($0.data, at: 4_096, with: noise(4_096)) },
    lmdb("both heads are zeros") { try $0.overwrite($0.data, with: zeros(8_192)) },
    lmdb("its data is all zeros") { try $0.overwrite($0.data, with: zeros(try $0.size($0.data))) },
    lmdb("its data is all noise") { try $0.overwrite($0.data, with: noise(try $0.size($0.data))) },
    lmdb("its data is empty") { try $0.cut($0.data, to: 0) },
    lmdb("its data is gone") { try $0.remove($0.data) },
    lmdb("its folder is gone") { try $0.remove($0.store) },
    lmdb("its folder is empty") {
      try $0.remove($0.store)
      try $0.makeFolder($0.store)
    },
    lmdb("its data is cut to half") { try $0.cut($0.data, to: try $0.size($0.data) / 2) },
    lmdb("its data is cut to 100 bytes") { try $0.cut($0.data, to: 100) },
    lmdb("its data is cut to one head") { try $0.cut($0.data, to: 4_096) },
    lmdb("its data is cut to its heads") { try $0.cut($0.data, to: 8_192) },
    lmdb("its data is cut within a page") { try $0.cut($0.data, to: try $0.size($0.data) / 2 + 1_234) },
    lmdb("its data is of a newer version", .refused(.unsupported)) {
      for head in [0, 4_096] { try $0.overwrite($0.data, at: head + 20, with: [2, 0, 0, 0]) }
    },
    lmdb("its data is a link") {
      try FileManager.default.moveItem(atPath: $0.data, toPath: $0.root + "/elsewhere")
      try FileManager.default.createSymbolicLink(atPath: $0.data, withDestinationPath: $0.root + "/elsewhere")
    },
    lmdb("garbage lies in the place of its lock file", .opens) { try $0.write($0.store + "/lock.mdb", noise(8_192)) },
    lmdb("its lock file is empty", .opens) { try $0.cut($0.store + "/lock.mdb", to: 0) },
    lmdb("its lock file is gone", .opens) { try $0.remove($0.store + "/lock.mdb") },
  ]

  private static func lmdb(
    _ name: String, _ job: Ending = .refused(.corrupted), harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) -> Damage { Damage("lmdb", name, job, harm: harm) }
}

extension StoredPlace {
  var data: String { store + "/data.mdb" }
}

// MARK: RocksDB

extension Damage {
  static let rocks: [Damage] = [
    rocks("CURRENT is gone") { try $0.remove($0.current) },
    rocks("CURRENT is empty") { try $0.cut($0.current, to: 0) },
    rocks("CURRENT is garbage") { try $0.overwrite($0.current, with: noise(16)) },
    rocks("CURRENT names a manifest that is not there") { try $0.write($0.current, Array("MANIFEST-999999\n".utf8)) },
    rocks("its manifest is gone") { try $0.remove($0.file(prefix: "MANIFEST")) },
    rocks("its manifest is empty") { try $0.cut($0.file(prefix: "MANIFEST"), to: 0) },
    rocks("its manifest is garbage") { try $0.overwrite($0.file(prefix: "MANIFEST"), with: noise(64)) },
    rocks("a table is gone") { try $0.remove($0.file(".sst")) },
    rocks("a table is empty") { try $0.cut($0.file(".sst"), to: 0) },
    rocks("a table is cut to half") { try $0.cut($0.file(".sst"), to: try $0.size($0.file(".sst")) / 2) },
    rocks("a table's end is garbage") {
      let table = try $0.file(".sst")
      try $0.overwrite(table, at: try $0.size(table) - 53, with: noise(53))
    },
    rocks("its folder is gone") { try $0.remove($0.store) },
    rocks("its folder is empty") {
      try $0.remove($0.store)
      try $0.makeFolder($0.store)
    },
    rocks("its identity is gone", .opens) { try $0.remove($0.store + "/IDENTITY") },
    rocks("its options are gone", .opens) { try $0.remove($0.file(prefix: "OPTIONS")) },
    rocks("its logs for people are gone", .opens) { place in
      for name in try FileManager.default.contentsOfDirectory(atPath: place.store) where name.hasPrefix("LOG") {
        try place.remove(place.store + "/" + name)
      }
    },
    rocks("CURRENT is a link") {
      try FileManager.default.moveItem(atPath: $0.current, toPath: $0.root + "/elsewhere")
      try FileManager.default.createSymbolicLink(atPath: $0.current, withDestinationPath: $0.root + "/elsewhere")
    },
    rocks("a table is a link") {
      let table = try $0.file(".sst")
      try FileManager.default.moveItem(atPath: table, toPath: $0.root + "/elsewhere")
      try FileManager.default.createSymbolicLink(atPath: table, withDestinationPath: $0.root + "/elsewhere")
    },
    rocks("its lock file is gone", .opens) { try $0.remove($0.store + "/LOCK") },
    rocks("files of no meaning lie in its folder", .opens) {
      try $0.write($0.store + "/junk", noise(100))
      try $0.write($0.store + "/999999.tmp", noise(100))
    },
  ]

  private static func rocks(
    _ name: String, _ job: Ending = .refused(.corrupted), raw: Ending? = nil,
    harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) -> Damage { Damage("rocks", name, job, raw: raw, harm: harm) }
}

extension StoredPlace {
  fileprivate var current: String { store + "/CURRENT" }
}

// MARK: The wrong kind

extension Damage {
  /// Another engine's store, or no store at all, in the place of each.
  static let foreign: [Damage] =
    Engine.stored.flatMap { engine in
      let others: [Damage] = Engine.stored.filter { $0.name != engine.name }.map { other in
        Damage(engine.name, "a store of \(other.name) lies in its place") { place in
          try place.remove(place.store)
          let made = place.root + "/made" + other.fileSuffix
          let backend = try other.open(made)
          try backend.applyOps([.put(category: "c", key: Key("k"), payload: [UInt8](repeating: 1, count: 200_000))])
          backend.close()
          try FileManager.default.moveItem(atPath: made, toPath: place.store)
        }
      }
      return others + [
        Damage(engine.name, "a link to it lies in its place") { place in
          try FileManager.default.moveItem(atPath: place.store, toPath: place.root + "/elsewhere")
          try FileManager.default.createSymbolicLink(
            atPath: place.store, withDestinationPath: place.root + "/elsewhere")
        },
        Damage(engine.name, "a pipe lies in its place") { place in
          try place.remove(place.store)
          try #require(mkfifo(place.store, 0o600) == 0)
        },
        Damage(engine.name, "a text lies in its place") { place in
          try place.remove(place.store)
          try place.write(place.store, [UInt8](repeating: UInt8(ascii: "x"), count: 500_000))
        },
      ]
    } + [
      Damage("lmdb", "a file of SQLite's lies in the place of its data") { place in
        try place.remove(place.data)
        let backend = try Engine.sqlite.open(place.root + "/made.db")
        try backend.applyOps([.put(category: "c", key: Key("k"), payload: [UInt8](repeating: 1, count: 500_000))])
        backend.close()
        try FileManager.default.moveItem(atPath: place.root + "/made.db", toPath: place.data)
      },
      Damage("rocks", "two of its tables have changed places") { place in
        let tables = try FileManager.default.contentsOfDirectory(atPath: place.store).filter { $0.hasSuffix(".sst") }
        try #require(tables.count == 2)
        let (first, second) = (place.store + "/" + tables[0], place.store + "/" + tables[1])
        try FileManager.default.moveItem(atPath: first, toPath: place.root + "/between")
        try FileManager.default.moveItem(atPath: second, toPath: first)
        try FileManager.default.moveItem(atPath: place.root + "/between", toPath: second)
      },
    ]
}
