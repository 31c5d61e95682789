// swift-tools-version: 6.2
import PackageDescription

/// What libFuzzer calls; a package of its own, because `make fuzz` builds it, and the core beneath it, instrumented.
let names = ["FuzzStreams", "FuzzKeys", "FuzzPayloads", "FuzzManifests", "FuzzJobIDs"]
let core = Target.Dependency.product(name: "PersistencyCore", package: "Persistency")

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  products: names.map { .library(name: $0, type: .static, targets: [$0]) },
  dependencies: [.package(name: "Persistency", path: "..")],
  targets: names.map { .target(name: $0, dependencies: [core, "FuzzProperties"]) } + [
    // Its properties are links to those that the tests ask, too.
    .target(name: "FuzzProperties", dependencies: [core])
  ],
  swiftLanguageModes: [.v6]
)
