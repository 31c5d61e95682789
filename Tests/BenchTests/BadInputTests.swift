import Foundation
import Testing

@Suite("What the benchmark refuses")
struct BadInputTests {
  @Test(
    "Wrong names and sizes are one clear line, and nothing is left",
    arguments: [
      (["--engine", "papyrus"], "unknown engine 'papyrus'"),
      (["--workload", "fillsideways"], "unknown workload 'fillsideways'"),
      (["--layer", "crust"], "unknown layer 'crust'"),
      (["--durability", "eternal"], "unknown durability 'eternal'"),
      (["--rows", "0"], "--rows 0 is out of range"),
      (["--rows", "-5"], "--rows -5 is out of range"),
      (["--rows", "99999999999"], "--rows 99999999999 is out of range"),
      (["--rows", "100000000", "--payload-size", "1000000"], "choose fewer"),
      (["--key-size", "7"], "--key-size 7 is out of range"),
      (["--payload-size", "0"], "--payload-size 0 is out of range"),
      (["--batch", "0"], "--batch 0 is out of range"),
      (["--rounds", "0"], "--rounds 0 is out of range"),
      (["--seconds", "0"], "--seconds 0.0 is out of range"),
      (["--threads", "0"], "--threads 0 is out of range"),
      (["--growth", "0"], "--growth 0 is out of range"),
      (["--directory", "/nowhere/at/all"], "no folder at '/nowhere/at/all'"),
      (["--json", "/nowhere/at/all.json"], "cannot write '/nowhere/at/all.json'"),
      (["--html", "/tmp"], "'/tmp' is a folder"),
      (["--engine", "memory", "--layer", "raw"], "nothing to measure"),
      (["facade", "--engine", "papyrus"], "unknown engine 'papyrus'"),
      (["compare", "/nowhere.json", "/nowhere.json"], "cannot read '/nowhere.json'"),
      (["tables", "/nowhere.json", "/nowhere.md"], "cannot read '/nowhere.json'"),
    ])
  func refuses(_ arguments: [String], _ reason: String) throws {
    try Bench.inFreshFolder { bench in
      let process = try bench.start(arguments)
      process.waitUntilExit()
      let outcome = try bench.outcome(of: process)
      #expect(outcome.status != 0)
      #expect(outcome.lines.count == 1)
      #expect(outcome.error.contains(reason), "\(outcome.error)")
      #expect(outcome.output.isEmpty)
      #expect(try bench.leftovers().isEmpty)
    }
  }

  @Test("A report that is none is refused, by its name")
  func refusesForeignReports() throws {
    try Bench.inFreshFolder { bench in
      try Data("{}".utf8).write(to: URL(fileURLWithPath: bench.path("a.json")))
      let outcome = try bench("compare", bench.path("a.json"), bench.path("a.json"))
      #expect(outcome.status != 0)
      #expect(outcome.error.contains("a.json' is no JSON report"))
    }
  }

  @Test("Ctrl-C is one line, removes the stores and writes no report", arguments: [SIGINT, SIGTERM])
  func interrupted(by signal: Int32) throws {
    try Bench.inFreshFolder { bench in
      let json = bench.path("report.json")
      let process = try bench.start(["--engine", "sqlite", "--rows", "100000", "--json", json])
      // The folder of the stores appears when the run begins.
      while try bench.leftovers().isEmpty, process.isRunning { usleep(10_000) }
      // In the middle of its work.
      usleep(500_000)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      let outcome = try bench.outcome(of: process)
      #expect(outcome.status == 128 + signal)
      #expect(outcome.lines == ["persistency-bench: interrupted; its temporary files are removed"])
      #expect(try bench.leftovers().isEmpty)
      #expect(!FileManager.default.fileExists(atPath: json))
    }
  }

  @Test(
    "A disk that fills up in mid-run is one line, and nothing is left on it",
    .enabled(if: SmallDisk.isPossible, "mounting needs root"), arguments: ["sqlite", "lmdb", "rocks"],
    ["raw", "backend", "job"])
  func fullDisk(_ engine: String, _ layer: String) throws {
    try Bench.inFreshFolder { bench in
      try SmallDisk.with(mebibytes: 6, at: bench.path("disk")) { disk in
        let json = bench.path("report.json")
        let outcome = try bench(
          "--engine", engine, "--layer", layer, "--workload", "fillseq", "--batch", "1000", "--rows", "100000",
          "--rounds", "1", "--seconds", "60", "--directory", disk, "--json", json)
        #expect(outcome.status != 0)
        #expect(outcome.lines.count == 1, "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: json))
      }
    }
  }
}

/// A file system in memory that is soon full.
enum SmallDisk {
  static var isPossible: Bool {
    #if os(Linux)
      getuid() == 0 && (try? with(mebibytes: 1, at: "/tmp/persistency-bench-mount-\(getpid())") { _ in }) != nil
    #else
      false
    #endif
  }

  static func with(mebibytes: Int, at path: String, _ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try run("mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path)
    defer { try? run("umount", path) }
    try body(path)
  }

  private static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw CocoaError(.fileWriteUnknown) }
  }
}
