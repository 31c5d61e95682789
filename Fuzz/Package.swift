// swift-tools-version: 6.2
import PackageDescription

// What libFuzzer calls; a package of its own, because `make fuzz` builds it, and the core beneath it, instrumented.
let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  products: [.library(name: "FuzzStreams", type: .static, targets: ["FuzzStreams"])],
  dependencies: [.package(name: "Persistency", path: "..")],
  targets: [
    .target(name: "FuzzStreams", dependencies: [.product(name: "PersistencyCore", package: "Persistency")])
  ],
  swiftLanguageModes: [.v6]
)
