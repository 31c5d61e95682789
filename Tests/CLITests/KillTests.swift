import Foundation
import Testing

@Suite("Copies and migrations that are killed", .serialized)
struct KillTests {
  /// The calls by which a store and its manifest come to be on the disk.
  private static let calls = "fsync,fdatasync,rename,unlink,mkdir,ftruncate,pwrite64,pwritev,writev"

  static let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")
  /// How many of those calls one kill is from the next; `make kills` asks for every one, on every pair.
  private static let asked = ProcessInfo.processInfo.environment["PERSISTENCY_KILL_STRIDE"].flatMap(Int.init)
  private static let stride = max(1, asked ?? 31)
  static let pairs = asked == nil ? EnginePair.circle : EnginePair.different

  /// Runs a command that is killed at its n-th such call.
  private func killed(
    _ tool: Tool, at call: Int, of calls: String = KillTests.calls, _ command: [String]
  ) throws -> Bool {
    let outcome = try tool.run(
      "strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
        "inject=\(calls):signal=KILL:when=\(call)",
        tool.executable,
      ] + command, ["PERSISTENCY_ROOT": tool.root])
    if outcome.status == 0 { return false }
    // strace ends as what it traces does: by the signal, whose number is the status then.
    #expect(outcome.status == 9 || outcome.status == 137, "\(outcome.status): \(outcome.error)")
    return true
  }

  private func makeSource(_ tool: Tool, on engine: String) throws -> String {
    try tool.addAlpha()
    #expect(try tool("copy", "alpha", "a", "--engine", engine).status == 0)
    return try tool("digest", "a").output
  }

  @Test(
    "FAULTS 92: a copy killed at any step leaves the source, no target or a whole one, and works when run again",
    .enabled(if: hasStrace, "strace is not installed"), arguments: KillTests.pairs)
  func copy(_ pair: EnginePair) throws {
    try Tool.inFreshRoot { tool throws in
      let digest = try makeSource(tool, on: pair.from)
      var kills = 0
      for call in Swift.stride(from: Int.random(in: 1...min(5, Self.stride)), to: 100_000, by: Self.stride) {
        guard try killed(tool, at: call, ["copy", "a", "b", "--engine", pair.to]) else { break }
        kills += 1
        #expect(try tool("digest", "a").output == digest)
        let jobs = try tool("jobs", "--no-rows", "--json").jsonLines().compactMap { $0["id"] as? String }
        let isThere = jobs.contains("b")
        #expect(jobs == (isThere ? ["a", "b"] : ["a"]))
        if !isThere {
          // Again, whatever there is; sometimes what is left is dropped first.
          if call % 3 == 0 { _ = try tool("drop", "b", "--yes") }
          let again = try tool("copy", "a", "b", "--engine", pair.to)
          #expect(again.status == 0, "killed at call \(call): \(again.error)")
        }
        #expect(try tool("digest", "b").output == digest, "killed at call \(call)")
        #expect(try tool("check", "b").status == 0, "killed at call \(call)")
        #expect(try tool("drop", "b", "--yes").status == 0)
      }
      #expect(kills > 0)
    }
  }

  @Test(
    "FAULTS 92: a copy of megabytes to RocksDB, which takes tables over, killed at any step works when run again",
    .enabled(if: hasStrace, "strace is not installed"))
  func tables() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try tool("copy", "alpha", "a", "--engine", "sqlite").status == 0)
      let filler = String(repeating: "x", count: 100_000)
      for number in 0..<40 { #expect(try tool("put", "a", "filler", "i:\(number)", filler).status == 0) }
      let digest = try tool("digest", "a").output
      let calls = "fsync,fdatasync,rename,unlink,mkdir,ftruncate,link,linkat,openat"
      let stride = Self.asked ?? 23
      var kills = 0
      for call in Swift.stride(from: Int.random(in: 1...min(5, stride)), to: 100_000, by: stride) {
        guard try killed(tool, at: call, of: calls, ["copy", "a", "b", "--engine", "rocks"]) else { break }
        kills += 1
        if try tool("digest", "b").status != 0 {
          let again = try tool("copy", "a", "b", "--engine", "rocks")
          #expect(again.status == 0, "killed at call \(call): \(again.error)")
        }
        #expect(try tool("digest", "b").output == digest, "killed at call \(call)")
        #expect(try tool("check", "b").status == 0, "killed at call \(call)")
        let left = try FileManager.default.contentsOfDirectory(atPath: tool.root + "/b.rocks")
        #expect(!left.contains { $0.hasPrefix("import-") }, "killed at call \(call): \(left)")
        #expect(try tool("drop", "b", "--yes").status == 0)
      }
      #expect(kills > 0)
    }
  }

  @Test(
    "FAULTS 92: a migration killed at any step leaves the job on one engine, whole, and works when run again",
    .enabled(if: hasStrace, "strace is not installed"), arguments: KillTests.pairs)
  func migrate(_ pair: EnginePair) throws {
    try Tool.inFreshRoot { tool throws in
      let digest = try makeSource(tool, on: pair.from)
      var (kills, from, to) = (0, pair.from, pair.to)
      var whole: Set<String> = []
      for call in Swift.stride(from: Int.random(in: 1...min(5, Self.stride)), to: 100_000, by: Self.stride) {
        guard try killed(tool, at: call, ["migrate", "a", "--engine", to]) else {
          // One direction has fewer steps than the other.
          whole.insert(to)
          if whole.count == 2 { break }
          #expect(try tool("discard", "a", "--yes").status == 0)
          swap(&from, &to)
          continue
        }
        kills += 1
        let engine = try tool("jobs", "--no-rows", "--json").json(0)["engine"] as? String
        #expect(engine == from || engine == to)
        #expect(try tool("digest", "a").output == digest, "killed at call \(call)")
        if engine == from {
          let again = try tool("migrate", "a", "--engine", to)
          #expect(again.status == 0, "killed at call \(call): \(again.error)")
        }
        #expect(try tool("digest", "a").output == digest, "killed at call \(call)")
        #expect(try tool("discard", "a", "--yes").status == 0)
        #expect(try tool("check", "a").status == 0, "killed at call \(call)")
        let left = try FileManager.default.contentsOfDirectory(atPath: tool.root)
        #expect(!left.contains { $0.hasPrefix("a.") && $0.hasSuffix(Tool.suffix(from)) }, "\(left)")
        swap(&from, &to)
      }
      #expect(kills > 0)
    }
  }

  @Test(
    "a discard or drop killed at any step is finished by the next", .enabled(if: hasStrace, "strace is not installed"))
  func discard() throws {
    for command in [["discard", "a", "--yes"], ["drop", "a", "--yes"]] {
      var kills = 0
      for call in 1..<100 {
        let isDone = try Tool.inFreshRoot { tool throws in
          let digest = try makeSource(tool, on: "lmdb")
          #expect(try tool("migrate", "a", "--engine", "sqlite").status == 0)
          guard try killed(tool, at: call, command) else { return true }
          kills += 1
          let again = try tool.run("persistency", command, ["PERSISTENCY_ROOT": tool.root])
          #expect(again.status == 0 || again.status == 66, "\(again.error)")
          if command[0] == "discard" {
            #expect(try tool("digest", "a").output == digest)
          }
          let left = try FileManager.default.contentsOfDirectory(atPath: tool.root)
          #expect(!left.contains("a.lmdb"))
          if command[0] == "drop" { #expect(!left.contains("a.db") && !left.contains("a.job")) }
          return false
        }
        if isDone { break }
      }
      #expect(kills > 0)
    }
  }

  @Test(
    "a reclaim killed at any step leaves the job whole, and gives back when run again",
    .enabled(if: hasStrace, "strace is not installed"), arguments: EnginePair.names)
  func reclaim(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try tool("copy", "alpha", "sound", "--engine", engine).status == 0)
      #expect(try tool("copy", "alpha", "full", "--engine", engine).status == 0)
      let filler = String(repeating: "x", count: 100_000)
      for number in 0..<40 {
        #expect(try tool("put", "full", "filler", "i:\(number)", filler).status == 0)
      }
      let digest = try tool("digest", "sound").output
      let names = try FileManager.default.contentsOfDirectory(atPath: tool.root)
        .filter { $0.hasPrefix("full.") && !$0.hasSuffix(".lock") }
      let saved = tool.root + "-saved"
      try FileManager.default.createDirectory(atPath: saved, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: saved) }
      #expect(try tool("delete-range", "full", "filler", "--yes").status == 0)
      for name in names { try FileManager.default.copyItem(atPath: tool.root + "/" + name, toPath: saved + "/" + name) }
      var kills = 0
      for call in Swift.stride(from: Int.random(in: 1...min(5, Self.stride)), to: 10_000, by: (Self.stride + 4) / 5) {
        guard try killed(tool, at: call, ["reclaim", "full"]) else { break }
        kills += 1
        #expect(try tool("reclaim", "full").status == 0, "killed at call \(call)")
        #expect(try tool("digest", "full").output == digest, "killed at call \(call)")
        #expect(try tool("check", "full").status == 0, "killed at call \(call)")
        let left = try FileManager.default.contentsOfDirectory(atPath: tool.root)
        #expect(!left.contains { $0.contains("%~") || $0.hasSuffix(".part") }, "killed at call \(call): \(left)")
        let bytes = try #require(
          try tool("jobs", "--json").jsonLines().first { $0["id"] as? String == "full" }?["bytesOnDisk"] as? Int)
        #expect(bytes < 3 << 20, "killed at call \(call): \(bytes)")
        for name in names {
          try FileManager.default.removeItem(atPath: tool.root + "/" + name)
          try FileManager.default.copyItem(atPath: saved + "/" + name, toPath: tool.root + "/" + name)
        }
      }
      #expect(kills > 0)
    }
  }

  @Test(
    "Ctrl-C ends a copy between two steps, says what is left where, and it goes on",
    .enabled(if: hasStrace, "strace is not installed"), arguments: EnginePair.names)
  func interrupted(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      let digest = try makeSource(tool, on: "sqlite")
      // The first manifest waits for its name, long enough for a signal to arrive meanwhile.
      let strace = try tool.start(
        "strace",
        [
          "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_enter=2000000:when=1",
          tool.executable, "copy", "a", "b", "--engine", engine,
        ])
      try tool.waitForFile("b.job.tmp")
      let children = try String(
        contentsOfFile: "/proc/\(strace.process)/task/\(strace.process)/children", encoding: .utf8)
      let child = try #require(children.split(separator: " ").first.flatMap { Int32($0) })
      #expect(kill(child, SIGINT) == 0)
      let outcome = try strace.outcome()
      #expect(outcome.status == 130)
      #expect(outcome.error.hasPrefix("persistency: interrupted; job b is half made"), "\(outcome.error)")
      #expect(outcome.error.split(separator: "\n").count == 1)
      #expect(try tool("jobs", "--no-rows", "--json").jsonLines().count == 1)
      #expect(try tool("copy", "a", "b", "--engine", engine).status == 0)
      #expect(try tool("digest", "b").output == digest)
    }
  }

  @Test(
    "a source dropped by another process in mid-copy: a whole copy, or one clear error and none",
    .enabled(if: hasStrace, "strace is not installed"), arguments: EnginePair.names)
  func sourceDropped(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      let digest = try makeSource(tool, on: engine)
      // The source is open, and the target about to be made.
      let strace = try tool.start(
        "strace",
        [
          "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_enter=2000000:when=1",
          tool.executable, "copy", "a", "b", "--engine", engine,
        ])
      try tool.waitForFile("b.job.tmp")
      #expect(try tool("drop", "a", "--yes").status == 0)
      let outcome = try strace.outcome()
      if outcome.status == 0 {
        #expect(try tool("digest", "b").output == digest)
        #expect(try tool("check", "b").status == 0)
      } else {
        #expect(outcome.error.hasPrefix("persistency: ") && outcome.error.split(separator: "\n").count == 1)
        #expect(try tool("digest", "b").status == 66)
      }
      // What there is to run again.
      #expect(try tool("copy", "a", "c").status == 66)
      #expect(try tool("copy", "alpha", "a", "--engine", engine).status == 0)
      #expect(try tool("copy", "a", "d", "--engine", engine).status == 0)
      #expect(try tool("digest", "d").output == digest)
    }
  }

  @Test("Ctrl-C ends an import that waits for its pipe, and nothing is left", arguments: [SIGINT, SIGTERM])
  func interruptedImport(_ signal: Int32) throws {
    try Tool.inFreshRoot { tool throws in
      let pipe = Pipe()
      let importing = try tool.start(
        "persistency", ["import", "b", "--engine", "lmdb"], input: pipe.fileHandleForReading)
      try tool.waitForFile("b.job")
      #expect(kill(importing.process, signal) == 0)
      let outcome = try importing.outcome()
      #expect(outcome.status == 128 + signal && outcome.output == "")
      #expect(outcome.error.hasPrefix("persistency: interrupted; "), "\(outcome.error)")
      #expect(try tool("jobs").output == "")
      #expect(try FileManager.default.contentsOfDirectory(atPath: tool.root) == ["b.lock"])
    }
  }
}
