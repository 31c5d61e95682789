// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "ExternalAdapter",
  platforms: [.macOS(.v15)],
  products: [.library(name: "LogBackend", targets: ["LogBackend"])],
  dependencies: [
    // Yours will say `.package(url: …)`; the name holds whatever the folder of the checkout is called.
    .package(name: "Persistency", path: "../..")
  ],
  targets: [
    .target(name: "LogBackend", dependencies: [.product(name: "PersistencyCore", package: "Persistency")]),
    .testTarget(
      name: "LogBackendTests",
      dependencies: [
        "LogBackend", .product(name: "PersistencyCore", package: "Persistency"),
        .product(name: "PersistencyConformance", package: "Persistency"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
