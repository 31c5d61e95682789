import CYardsticks
import Foundation
import PersistencyCore

/// Where, when, with what and how a run was made.
struct RunHeader: Codable, Sendable {
  let date: String
  /// Of the sources; empty outside of a working tree.
  let commit: String
  let machine: Machine
  let versions: Versions
  let settings: Described

  struct Described: Codable, Sendable {
    let rows: Int
    let keyBytes: Int
    let payloadBytes: Int
    let category: String
    let batches: [Int]
    let durability: String
    let seed: UInt64
    let rounds: Int
    let threads: Int
    let secondsPerPass: Double
    let quick: Bool
    let cacheBytes: Int
    let sqliteCheckpointPages: Int
    let rocksMemtableBytes: Int

    enum CodingKeys: String, CodingKey {
      case rows, category, batches, durability, seed, rounds, threads, quick
      case secondsPerPass = "seconds_per_pass"
      case keyBytes = "key_bytes"
      case payloadBytes = "payload_bytes"
      case cacheBytes = "cache_bytes"
      case sqliteCheckpointPages = "sqlite_checkpoint_pages"
      case rocksMemtableBytes = "rocks_memtable_bytes"
    }
  }

  init(settings: Settings, workspace: Workspace, rocksVersion: String) {
    date = Date().formatted(.iso8601)
    commit = Self.commitHere
    machine = Machine(storesAt: workspace.fileSystem)
    versions = Versions(rocksDB: rocksVersion)
    self.settings = Described(
      rows: settings.rows, keyBytes: settings.keySize, payloadBytes: settings.payloadSize,
      category: Settings.category, batches: settings.batches, durability: settings.durability.rawValue,
      seed: settings.seed, rounds: settings.rounds, threads: settings.threads,
      secondsPerPass: settings.secondsPerPass, quick: settings.quick, cacheBytes: settings.cache.cacheBytes,
      sqliteCheckpointPages: settings.cache.checkpointPages, rocksMemtableBytes: settings.cache.memtableBytes)
  }
}

extension RunHeader {
  /// The commit of the working tree this runs in, with a mark when something is changed.
  private static var commitHere: String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() else { return "" }
    process.waitUntilExit()
    return process.terminationStatus == 0
      ? String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) : ""
  }

  /// The same for a terminal.
  var lines: [String] {
    [
      "persistency-bench \(versions.persistency)\(commit.isEmpty ? "" : " (\(commit))") · \(date) · \(machine.processor), \(machine.cores) cores, "
        + "\(machine.memoryBytes >> 30) GiB",
      "\(machine.system) · \(machine.kernel) · \(machine.fileSystem) · Swift \(versions.swift) · SQLite \(versions.sqlite)"
        + " · LMDB \(versions.lmdb) · RocksDB \(versions.rocksDB.isEmpty ? "not run" : versions.rocksDB)",
      "\(settings.rows) rows, keys of \(settings.keyBytes) bytes, payloads of \(settings.payloadBytes), durability "
        + "\(settings.durability), caches of \(settings.cacheBytes >> 20) MiB, seed \(settings.seed), "
        + "median of \(settings.rounds)",
    ]
  }
}

/// The computer.
struct Machine: Codable, Sendable {
  let processor: String
  let cores: Int
  let memoryBytes: UInt64
  let system: String
  let kernel: String
  let fileSystem: String

  enum CodingKeys: String, CodingKey {
    case processor, cores, system, kernel
    case memoryBytes = "memory_bytes"
    case fileSystem = "file_system"
  }

  init(storesAt fileSystem: String) {
    processor = Self.field("model name", in: "/proc/cpuinfo", ":") ?? "unknown processor"
    cores = ProcessInfo.processInfo.activeProcessorCount
    memoryBytes = ProcessInfo.processInfo.physicalMemory
    let name = Self.field("PRETTY_NAME", in: "/etc/os-release", "=")?.trimmingCharacters(in: ["\""])
    system = name ?? ProcessInfo.processInfo.operatingSystemVersionString
    var names = utsname()
    uname(&names)
    kernel =
      withUnsafeBytes(of: names.sysname) { Self.text($0) } + " "
      + withUnsafeBytes(of: names.release) { Self.text($0) }
    self.fileSystem = fileSystem
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func field(_ name: String, in path: String, _ separator: Character) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let value = line.split(separator: separator, maxSplits: 1).dropFirst().first else { continue }
      return value.trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}

/// What was measured, by version.
struct Versions: Codable, Sendable {
  let persistency: String
  let swift: String
  let sqlite: String
  let lmdb: String
  let rocksDB: String

  init(rocksDB: String) {
    persistency = Persistency.version
    swift = Self.swiftVersion
    sqlite = Self.version(YARD_SQLITE)
    lmdb = Self.version(YARD_LMDB)
    self.rocksDB = rocksDB
  }

  enum CodingKeys: String, CodingKey {
    case persistency, swift, sqlite, lmdb
    case rocksDB = "rocksdb"
  }

  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }

  private static func version(_ engine: yard_engine) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      text.initialize(repeating: 0)
      yard_version(engine, text.baseAddress, text.count)
      return text.baseAddress.map { String(cString: $0) } ?? ""
    }
  }

  /// RocksDB writes its version into each store, in a file OPTIONS-000005 or so.
  static func rocks(in folder: String) -> String {
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    for file in files where file.split(separator: "/").last?.hasPrefix("OPTIONS-") == true {
      guard let text = try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) else { continue }
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: "=").map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2 && parts[0] == "rocksdb_version" { return parts[1] }
      }
    }
    return ""
  }
}
