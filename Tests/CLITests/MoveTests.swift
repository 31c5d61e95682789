import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyRocksDB
import PersistencySQLite
import Testing

/// An ordered pair of stored engines.
struct EnginePair: Sendable, CustomTestStringConvertible {
  let from: String
  let to: String

  var testDescription: String { "\(from) to \(to)" }

  static let names = ["sqlite", "lmdb", "rocks"]
  static let all = names.flatMap { from in names.map { EnginePair(from: from, to: $0) } }
  static let different = all.filter { $0.from != $0.to }
  /// Each engine once as source and once as target.
  static let circle = [
    EnginePair(from: "sqlite", to: "lmdb"), EnginePair(from: "lmdb", to: "rocks"),
    EnginePair(from: "rocks", to: "sqlite"),
  ]
}

@Suite("Moving jobs with the tool")
struct ToolMoveTests {
  @Test("copy, migrate, discard and back, on every pair of engines", arguments: EnginePair.different)
  func migrates(_ pair: EnginePair) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let digest = try tool("digest", "alpha").output
      #expect(try tool("copy", "alpha", "a", "--engine", pair.from).status == 0)
      let migrated = try tool("migrate", "a", "--engine", pair.to)
      #expect(migrated.status == 0 && migrated.error == "", "\(migrated.error)")
      #expect(migrated.output.contains("are on \(pair.to) now"))
      #expect(try tool("digest", "a").output == digest)
      let jobs = try tool("jobs").output
      #expect(jobs.contains("keeps its store on \(pair.from)") && !jobs.contains(".volatile"), "\(jobs)")
      #expect(try tool("check", "a").output.contains("is sound"))
      let unsaid = try tool("discard", "a")
      #expect(unsaid.status == 64 && unsaid.error.contains("--yes"))
      #expect(try tool("discard", "a", "--yes").output.hasSuffix("given back\n"))
      #expect(try tool("discard", "a", "--yes").output == "nothing to discard\n")
      #expect(try tool("migrate", "a", "--engine", pair.from, "--json").json(0)["engine"] as? String == pair.from)
      #expect(try tool("digest", "a").output == digest)
      #expect(try tool("drop", "a", "--yes").status == 0)
      let left = try FileManager.default.contentsOfDirectory(atPath: tool.root).sorted()
      #expect(left == ["a.lock", "alpha.db"])
    }
  }

  @Test("export | import carries a job between two processes, on every pair of engines", arguments: EnginePair.all)
  func pipes(_ pair: EnginePair) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try tool("copy", "alpha", "a", "--engine", pair.from).status == 0)
      let piped = try tool.shell("persistency export a | persistency import b --engine \(pair.to)")
      #expect(piped.status == 0 && piped.error == "", "\(piped.error)")
      #expect(try tool("digest", "b").output == (try tool("digest", "alpha").output))
      #expect(try tool("digest", "b", "--algorithm", "xxh64").output.dropLast() == piped.output.dropLast().suffix(16))
      let again = try tool.shell("persistency export a | persistency import b --engine \(pair.to)")
      #expect(again.status == 73 && again.error.contains("exists already"))
    }
  }

  @Test("a stream kept in a file is whole, and refused when it is not", arguments: EnginePair.names)
  func files(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let file = tool.root + "/alpha.kvs"
      #expect(try tool("export", "alpha", "--output", file).status == 0)
      #expect(try tool("verify", file).output.hasPrefix("whole: "))
      #expect(try tool("verify", file, "--json").json(0)["job"] as? String == "alpha")
      let again = try tool("export", "alpha", "--output", file)
      #expect(again.status == 73 && again.error.contains("exists already"))
      let stream = try Data(contentsOf: URL(fileURLWithPath: file))
      let bad = tool.root + "/bad.kvs"
      var flipped = stream
      flipped[stream.count / 2] ^= 0x10
      for (altered, what) in [
        (stream.dropLast(), "a byte short"), (stream.prefix(stream.count / 2), "half"), (Data(), "empty"),
        (flipped, "flipped"),
        (stream + [0], "a byte long"),
      ] {
        try Data(altered).write(to: URL(fileURLWithPath: bad))
        for command in [["verify", bad], ["import", "b", bad, "--engine", engine]] {
          let outcome = try tool.run("persistency", command, ["PERSISTENCY_ROOT": tool.root])
          #expect(outcome.status == 65 && outcome.output == "", "\(what): \(outcome.error)")
          #expect(outcome.error.hasPrefix("persistency: corrupted: "), "\(what): \(outcome.error)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: tool.root).filter { $0.hasPrefix("b.") }
        #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(what): \(left)")
      }
      #expect(try tool("import", "b", file, "--engine", engine).status == 0)
      #expect(try tool("digest", "b").output == (try tool("digest", "alpha").output))
    }
  }

  @Test("FAULTS 93: beside a live writer, a copy, an export and a digest see one state", arguments: EnginePair.all)
  func liveWriter(_ pair: EnginePair) async throws {
    try await Tool.inFreshRootAsync { tool in
      let jobs = try Persistency(rootDirectory: tool.root, engines: [.sqlite, .lmdb, .rocks])
      let job = try await jobs.openJob("live", engine: jobs.engines.first { $0.name == pair.from })
      // Every batch keeps the number of rows in `pair` and the sum of their payloads.
      let rows = 200
      try await job.apply((0..<rows).map { .put(category: "pair", key: Key(Int64($0)), payload: [UInt8($0 % 100)]) })
      let writer = Task {
        var round = 0
        while !Task.isCancelled {
          let (one, other) = (round % rows, (round + 7) % rows)
          let payloads = try await job.get(category: "pair", keys: [Key(Int64(one)), Key(Int64(other))])
          try await job.apply([
            .put(category: "pair", key: Key(Int64(one)), payload: payloads[1] ?? []),
            .put(category: "pair", key: Key(Int64(other)), payload: payloads[0] ?? []),
          ])
          round += 1
        }
      }
      let sum = (0..<rows).reduce(0) { $0 + $1 % 100 }
      #expect(try tool("copy", "live", "copied", "--engine", pair.to).status == 0)
      let piped = try tool.shell("persistency export live | persistency import imported --engine \(pair.to)")
      #expect(piped.status == 0, "\(piped.error)")
      #expect(try tool("digest", "live").status == 0)
      #expect(try tool("stat", "live").output.contains("\(rows) rows"))
      #expect(try tool("check", "live").status == 0)
      writer.cancel()
      _ = try? await writer.value
      for id in ["copied", "imported"] {
        let copy = try await jobs.openJob(id)
        let payloads = try await copy.scan(category: "pair").map { Int($0.payload[0]) }
        #expect(payloads.count == rows && payloads.reduce(0, +) == sum)
      }
      // What writes needs the lock, and says who has it.
      for command in [
        ["migrate", "live", "--engine", pair.to == pair.from ? "lmdb" : pair.to], ["drop", "live", "--yes"],
        ["reclaim", "live"],
      ]
      where command != ["migrate", "live", "--engine", pair.from] {
        let refused = try tool.run("persistency", command, ["PERSISTENCY_ROOT": tool.root])
        #expect(refused.status == 75 && refused.error.contains("\(getpid())"), "\(command): \(refused.error)")
      }
      #expect(try tool("jobs").output.contains("open in process \(getpid())"))
      try await jobs.close()
    }
  }

  @Test(
    "FAULTS 99: a backup made while four tasks write opens, is sound, and holds one state", arguments: EnginePair.names)
  func hotBackup(_ engine: String) async throws {
    try await Tool.inFreshRootAsync { tool in
      let jobs = try Persistency(rootDirectory: tool.root, engines: [.sqlite, .lmdb, .rocks])
      let job = try await jobs.openJob("live", engine: jobs.engines.first { $0.name == engine })
      guard job.engine.capabilities.maintenance.contains(.backup) else {
        let refused = try tool("backup", "live", tool.root + "-tool")
        #expect(refused.status == 69 && refused.error.hasPrefix("persistency: unsupported"), "\(refused.error)")
        return try await jobs.close()
      }
      let writers = (0..<4).map { writer in
        Task {
          var number = 0
          while !Task.isCancelled {
            // Two rows of one batch: a state has both, or neither.
            let key = Key(Int64(writer), Int64(number))
            try await job.apply([
              .put(category: "a", key: key, payload: [1]), .put(category: "b", key: key, payload: [2]),
            ])
            number += 1
          }
        }
      }
      while try await job.count(category: "a") < 100 { await Task.yield() }
      let places = [tool.root + "-hot", tool.root + "-tool"]
      defer { for place in places { try? FileManager.default.removeItem(atPath: place) } }
      #expect(try await jobs.backupJob("live", to: places[0]) > 0)
      #expect(await (try? jobs.backupJob("live", to: places[0])) == nil)
      let byTool = try tool("backup", "live", places[1])
      #expect(byTool.status == 0, "\(byTool.error)")
      for writer in writers { writer.cancel() }
      for writer in writers { _ = try? await writer.value }
      for place in places {
        let check = try tool("check", "live", "--root", place)
        #expect(check.status == 0 && check.output.contains("is sound"), "\(check.output)\(check.error)")
        let copies = try Persistency(rootDirectory: place, engines: jobs.engines)
        let copy = try await copies.openJob("live")
        let keys = try await copy.keys(category: "a")
        #expect(try await copy.keys(category: "b") == keys)
        #expect(keys.count >= 100)
        // Of each writer, all up to some number: nothing acknowledged before is missing.
        for writer in 0..<4 {
          let numbers = try keys.map { try $0.decode(Int64.self, Int64.self) }.filter { $0.0 == writer }.map(\.1)
          #expect(numbers == Array(0..<Int64(numbers.count)))
        }
        try await copies.close()
      }
      try await jobs.close()
    }
  }
}
