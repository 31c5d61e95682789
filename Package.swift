// swift-tools-version: 6.2
import PackageDescription

// What the compiler offers beyond Swift 6 mode; every target has it.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let engines: [Target.Dependency] = [
  "PersistencyMemory", "PersistencySQLite", "PersistencyLMDB", "PersistencyRocksDB",
]
// Beside them where a server may be at hand; only its own product, the tool, the benchmark and its tests link libpq.
let postgres: [Target.Dependency] = ["PersistencyPostgres"]

let package = Package(
  name: "Persistency",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "PersistencyCore", targets: ["PersistencyCore"]),
    .library(name: "PersistencyMemory", targets: ["PersistencyMemory"]),
    .library(name: "PersistencySQLite", targets: ["PersistencySQLite"]),
    .library(name: "PersistencyLMDB", targets: ["PersistencyLMDB"]),
    .library(name: "PersistencyRocksDB", targets: ["PersistencyRocksDB"]),
    .library(name: "PersistencyPostgres", targets: ["PersistencyPostgres"]),
    .library(name: "PersistencyServiceLifecycle", targets: ["PersistencyServiceLifecycle"]),
    .library(name: "PersistencyConformance", targets: ["PersistencyConformance"]),
    .library(name: "PersistencyFaults", targets: ["PersistencyFaults"]),
    .library(name: "PersistencyBenchmarks", targets: ["PersistencyBenchmarks"]),
    .executable(name: "persistency", targets: ["PersistencyCLI"]),
    .executable(name: "persistency-bench", targets: ["PersistencyBench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", "3.0.0"..<"5.0.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.1.0"),
  ],
  targets: [
    // MARK: The contract, and the engines behind it
    .target(name: "PersistencyCore", dependencies: [log, metrics], path: "Sources/Core"),
    .target(
      name: "PersistencyMemory", dependencies: ["PersistencyCore", "CPersistencyMemory"],
      path: "Sources/MemoryBackend", exclude: ["CMemory"]),
    .target(
      name: "PersistencySQLite", dependencies: ["PersistencyCore", "CPersistencySQLite"],
      path: "Sources/SQLiteBackend", exclude: ["CSQLite"]),
    .target(
      name: "PersistencyLMDB", dependencies: ["PersistencyCore", "CPersistencyLMDB"],
      path: "Sources/LMDBBackend", exclude: ["CLMDB"]),
    .target(
      name: "PersistencyRocksDB", dependencies: ["PersistencyCore", "CPersistencyRocksDB"],
      path: "Sources/RocksBackend", exclude: ["CRocksDB"]),
    .target(
      name: "PersistencyPostgres", dependencies: ["PersistencyCore", "CPersistencyPostgres", log],
      path: "Sources/PostgresBackend", exclude: ["CPostgres"]),
    .target(
      name: "PersistencyServiceLifecycle", dependencies: ["PersistencyCore", lifecycle],
      path: "Sources/ServiceLifecycle"),

    // MARK: The C libraries
    .systemLibrary(name: "CPersistencyMemory", path: "Sources/MemoryBackend/CMemory"),
    .systemLibrary(
      name: "CPersistencySQLite", path: "Sources/SQLiteBackend/CSQLite", pkgConfig: "sqlite3",
      providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(
      name: "CPersistencyLMDB", path: "Sources/LMDBBackend/CLMDB", pkgConfig: "lmdb",
      providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]),
    .systemLibrary(
      name: "CPersistencyRocksDB", path: "Sources/RocksBackend/CRocksDB", pkgConfig: "rocksdb",
      providers: [.apt(["librocksdb-dev"]), .brew(["rocksdb"])]),
    .systemLibrary(
      name: "CPersistencyPostgres", path: "Sources/PostgresBackend/CPostgres", pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),

    // MARK: The suite, and the executables
    .target(name: "PersistencyConformance", dependencies: ["PersistencyCore"], path: "Tests/Conformance"),
    .target(
      name: "PersistencyFaults", dependencies: ["PersistencyConformance", "CPersistencyFaults"], path: "Tests/Faults",
      exclude: ["CFaults"]),
    .target(name: "CPersistencyFaults", path: "Tests/Faults/CFaults"),
    .executableTarget(
      name: "persistency-faults", dependencies: engines + ["PersistencyConformance", "PersistencyFaults", arguments],
      path: "Tests/FaultRun"),
    .executableTarget(
      name: "persistency-trials",
      dependencies: engines + postgres + ["PersistencyConformance", "PersistencyFaults", arguments, log],
      path: "Tests/Trials"),
    .executableTarget(
      name: "PersistencyCLI", dependencies: engines + postgres + ["PersistencyConformance", arguments, crypto, log],
      path: "Sources/CLI"),
    .target(
      name: "CYardsticks",
      dependencies: ["CPersistencySQLite", "CPersistencyLMDB", "CPersistencyRocksDB", "CPersistencyPostgres"],
      path: "Benchmarks/CYardsticks"),
    .target(
      name: "PersistencyBenchmarks",
      dependencies: engines + postgres + [
        "CYardsticks", arguments, .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      path: "Benchmarks/Bench"),
    .executableTarget(name: "PersistencyBench", dependencies: ["PersistencyBenchmarks"], path: "Benchmarks/Main"),

    // MARK: Tests
    .testTarget(name: "CoreTests", dependencies: ["PersistencyCore"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "EngineTests",
      dependencies: engines + [
        "PersistencyConformance", "PersistencyFaults", "TestSupport", "persistency-trials", "CPersistencyLMDB",
        "CPersistencySQLite",
      ]),
    .testTarget(name: "ConformanceTests", dependencies: ["PersistencyConformance"]),
    .target(name: "TestSupport", dependencies: engines, path: "Tests/Support"),
    .testTarget(
      name: "FacadeTests",
      dependencies: engines + [
        "TestSupport", log, metrics, .product(name: "MetricsTestKit", package: "swift-metrics"),
      ]),
    .testTarget(
      name: "FaultTests", dependencies: engines + ["PersistencyConformance", "PersistencyFaults", "TestSupport"]),
    .testTarget(
      name: "ServiceTests",
      dependencies: engines + [
        "PersistencyServiceLifecycle", lifecycle, log,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
      ]),
    .testTarget(
      name: "BenchTests", dependencies: ["PersistencyBench", "PersistencyBenchmarks", "PersistencyConformance"]),
    .testTarget(name: "CLITests", dependencies: engines + ["PersistencyCLI"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "PostgresTests",
      dependencies: engines + postgres + [
        "PersistencyConformance", "TestSupport", "PersistencyCLI", "persistency-trials", log,
      ]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = (target.swiftSettings ?? []) + strict
}
