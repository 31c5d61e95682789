import Foundation
import PersistencyCore

/// What is measured, and at which size: the command line, judged.
struct Settings: Sendable {
  let engines: [EngineChoice]
  private(set) var workloads: [Workload]
  let layers: [Layer]
  private(set) var batches: [Int]
  /// Sizes of stores at which the growth of costs is looked at; none skips it.
  let growth: [Int]
  /// Whether stores are loaded in key order, which is quicker.
  private(set) var loadsInOrder = false
  private(set) var rows: Int
  let keySize: Int
  let payloadSize: Int
  let durability: Durability
  let seed: UInt64
  private(set) var rounds: Int
  let quick: Bool
  /// Seconds that each layer may take for one workload in one round; past it the layers stop, all after the same ops.
  let secondsPerPass: Double
  /// Readers at once, where several read.
  let threads: Int
  let cache = CacheSettings()

  /// How many stores are open at once, where it is about many.
  var manyJobs: Int { quick ? 50 : 1000 }

  /// All rows are in one category, of eight bytes.
  static let category = "messages"
  /// The rows that a seek reads, and that a counted range holds.
  static let seekRows = 100
  static let countRows = 1000

  /// - Parameter measure: What only `measure` is asked; nil is everything, as by default.
  init(_ options: CommonOptions, _ measure: MeasureOptions? = nil) throws {
    engines = options.engine.contains("all") ? EngineChoice.all : try Self.choose("engine", options.engine)
    if let connection = options.connection { setenv("PERSISTENCY_POSTGRES", connection, 1) }
    if engines.contains(.postgres), getenv("PERSISTENCY_POSTGRES") == nil {
      throw Complaint("engine postgres needs a server: say which with --connection, or in $PERSISTENCY_POSTGRES")
    }
    workloads = try Self.choose("workload", measure?.workload ?? ["all"])
    layers = try Self.choose("layer", measure?.layer ?? ["all"])
    quick = options.quick
    rows = try Self.within(1...100_000_000, options.rows ?? (quick ? 20_000 : 200_000), "--rows")
    // Eight bytes carry the order and the checksum; the yardstick's LMDB keys are not layered.
    keySize = try Self.within(8...480, options.keySize, "--key-size")
    payloadSize = try Self.within(8...1_048_576, options.payloadSize, "--payload-size")
    rounds = try Self.within(1...100, options.rounds ?? (options.quick ? 2 : 3), "--rounds")
    loadsInOrder = measure?.loadInOrder ?? false
    let batches = measure?.batch ?? []
    self.batches = try (batches.isEmpty ? [1, 1000] : batches).reduce(into: []) { chosen, batch in
      let batch = try Self.within(1...100_000, batch, "--batch")
      if !chosen.contains(batch) { chosen.append(batch) }
    }.sorted()
    let growth = measure?.growth ?? []
    let isEverything = measure?.workload.contains("all") ?? false
    self.growth = try
      (growth.isEmpty && isEverything ? (quick ? [2000, 20_000] : [10_000, 100_000, 1_000_000]) : growth)
      .map { try Self.within(1...100_000_000, $0, "--growth") }
    guard let durability = Durability(rawValue: options.durability) else {
      throw Complaint("unknown durability '\(options.durability)'; choose full, consistent or volatile")
    }
    self.durability = durability
    seed = options.seed
    secondsPerPass = try Self.within(0.001...3600, options.seconds ?? (quick ? 0.05 : 0.3), "--seconds")
    threads = try Self.within(1...64, options.threads, "--threads")
  }

  /// Refuses more data than half of what is free, on disk at `path` and in memory: the layers' stores stand side by side, with logs.
  func checkRoom(at path: String) throws {
    let bytes = Int64(rows) * Int64(keySize + payloadSize)
    let held = engines.contains(.memory) ? (bytes + Int64(rows) * 300) * Int64(layers.count { $0 != .raw }) : 0
    let memory = Int64(rows) * 16 + held
    guard memory < ProcessInfo.processInfo.physicalMemory / 2 else {
      throw Complaint(
        "\(rows) rows need about \(memory >> 20) MiB of memory, more than half of this machine's; choose fewer rows"
          + (held > 0 ? ", or no memory engine" : ""))
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else { return }
    let needed = (bytes + Int64(rows) * 32) * Int64(layers.count)
    guard needed < free / 2 else {
      throw Complaint(
        "\(rows) rows need about \(needed >> 20) MiB over all layers, more than half of the \(free >> 20) MiB that are "
          + "free at \(path); choose fewer or smaller rows")
    }
  }

  /// The same at another size, for what its growth shows.
  func grown(to rows: Int) -> Settings {
    var settings = self
    settings.rows = rows
    settings.rounds = 1
    settings.workloads = [.readrandom, .seekrandom, .overwrite]
    settings.batches = [1000]
    settings.loadsInOrder = true
    return settings
  }

  private static func within<Value>(
    _ range: ClosedRange<Value>, _ value: Value, _ option: String
  ) throws -> Value {
    guard range.contains(value) else {
      throw Complaint("\(option) \(value) is out of range; choose \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  private static func choose<Choice: Named>(_ what: String, _ names: [String]) throws -> [Choice] {
    if names.contains("all") { return Array(Choice.allCases) }
    var chosen: [Choice] = []
    for name in names {
      guard let choice = Choice.allCases.first(where: { $0.rawValue == name }) else {
        throw Complaint("unknown \(what) '\(name)'; choose \(Choice.listing), or all")
      }
      if !chosen.contains(choice) { chosen.append(choice) }
    }
    return chosen
  }
}

/// The caches and logs that all layers of an engine are given alike.
struct CacheSettings: Sendable {
  /// SQLite's page cache, a connection; RocksDB's block cache.
  let cacheBytes = 64 << 20
  let checkpointPages = 4000
  let memtableBytes = 8 << 20
  let mapBytes = 4 << 30
}

/// Something the user chooses by name.
protocol Named: RawRepresentable<String>, CaseIterable, Equatable {}

extension Named {
  static var listing: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What went wrong, in one line for the user.
struct Complaint: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
