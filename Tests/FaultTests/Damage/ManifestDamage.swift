import Foundation
import PersistencyCore
import Testing

/// What has happened to the file beside a store that says whose it is.
struct ManifestDamage: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let ending: @Sendable (Engine) -> Damage.Ending
  let harm: @Sendable (StoredPlace) throws -> Void

  init(
    _ name: String, _ ending: Damage.Ending = .refused(.corrupted),
    harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) {
    self.init(name, { _ in ending }, harm: harm)
  }

  init(
    _ name: String, _ ending: @escaping @Sendable (Engine) -> Damage.Ending,
    harm: @escaping @Sendable (StoredPlace) throws -> Void
  ) {
    testDescription = name
    self.ending = ending
    self.harm = harm
  }

  static let all: [ManifestDamage] = [
    // SQLite's format is everybody's: the schema says enough.
    ManifestDamage("it is gone", { $0.capabilities.openFormat ? .opens : .refused(.corrupted) }) {
      try $0.remove($0.manifest)
    },
    ManifestDamage("it is empty") { try $0.cut($0.manifest, to: 0) },
    ManifestDamage("it is cut to half") { try $0.cut($0.manifest, to: try $0.size($0.manifest) / 2) },
    ManifestDamage("it is zeros") { try $0.overwrite($0.manifest, with: Damage.zeros(try $0.size($0.manifest))) },
    ManifestDamage("it is noise") { try $0.overwrite($0.manifest, with: Damage.noise(try $0.size($0.manifest))) },
    ManifestDamage("it is far too large") { try $0.write($0.manifest, Damage.zeros(3 << 20)) },
    ManifestDamage("it is another JSON") { try $0.write($0.manifest, Array("[1, 2, 3]".utf8)) },
    ManifestDamage("it nests without end") {
      try $0.write($0.manifest, [UInt8](repeating: UInt8(ascii: "["), count: 500_000))
    },
    ManifestDamage("it has numbers beyond all bounds") {
      try $0.write($0.manifest, Array(#"{"format":1e400,"keyCodec":-99999999999999999999}"#.utf8))
    },
    ManifestDamage("its format is newer", .refused(.unsupported)) { try $0.changeManifest { $0["format"] = 2 } },
    ManifestDamage("its key codec is newer", .refused(.unsupported)) { try $0.changeManifest { $0["keyCodec"] = 2 } },
    ManifestDamage("it is of another id", .refused(.invalidArgument)) {
      try $0.changeManifest { $0["id"] = "another" }
    },
    ManifestDamage("it names an engine that nobody has", .refused(.invalidArgument)) {
      try $0.changeManifest { $0["engine"] = "btree" }
    },
    ManifestDamage("it is in no known state") { try $0.changeManifest { $0["state"] = "resting" } },
    ManifestDamage("it has no id") { try $0.changeManifest { $0["id"] = nil } },
    ManifestDamage("it is a folder") {
      try $0.remove($0.manifest)
      try $0.makeFolder($0.manifest)
    },
    ManifestDamage("it is a link") {
      try FileManager.default.moveItem(atPath: $0.manifest, toPath: $0.root + "/elsewhere")
      try FileManager.default.createSymbolicLink(atPath: $0.manifest, withDestinationPath: $0.root + "/elsewhere")
    },
    ManifestDamage("it is a pipe") {
      try $0.remove($0.manifest)
      try #require(mkfifo($0.manifest, 0o600) == 0)
    },
    ManifestDamage("a draft that a crash left lies beside it", .opens) {
      try $0.write($0.manifest + ".tmp", Array("half a manif".utf8))
    },
  ]
}
