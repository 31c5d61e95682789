// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses Persistency resolves what it is only compared with.
let package = Package(
  name: "Peers",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "Persistency", path: "../.."),
    .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
    // Its SortedDictionary is behind a trait: not declared ready for production.
    .package(
      url: "https://github.com/apple/swift-collections.git", exact: "1.6.0", traits: ["UnstableSortedCollections"]),
  ],
  targets: [
    .executableTarget(
      name: "PersistencyPeers",
      dependencies: [
        .product(name: "PersistencyBenchmarks", package: "Persistency"),
        .product(name: "PersistencyCore", package: "Persistency"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "SortedCollections", package: "swift-collections"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
