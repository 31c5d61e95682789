// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Persistency", path: "..")],
  targets: [
    .executableTarget(
      name: "Tour",
      dependencies: [
        .product(name: "PersistencySQLite", package: "Persistency"),
        .product(name: "PersistencyLMDB", package: "Persistency"),
        .product(name: "PersistencyMemory", package: "Persistency"),
        .product(name: "PersistencyPostgres", package: "Persistency"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
