import Foundation
import Testing

@Suite("How the tool ends")
struct EndTests {
  @Test("a second Ctrl-C ends what does not heed the first", arguments: [SIGINT, SIGHUP])
  func twice(_ signal: Int32) throws {
    try Tool.inFreshRoot { tool throws in
      // Nobody writes to it: the stream is read without an end, on the thread that waits.
      let pipe = Pipe()
      let verifying = try tool.start("persistency", ["verify"], input: pipe.fileHandleForReading)
      // It takes signals from its first statement on; before that it would die of one.
      let mask = "/proc/\(verifying.process)/status"
      func blocksSignals() -> Bool {
        let lines = (try? String(contentsOfFile: mask, encoding: .utf8))?.split(separator: "\n") ?? []
        let blocked = lines.first { $0.hasPrefix("SigBlk") }?.split(separator: "\t").last.flatMap {
          UInt64($0, radix: 16)
        }
        return (blocked ?? 0) & 1 << UInt64(signal - 1) != 0
      }
      for _ in 0..<6_000 where !blocksSignals() { usleep(5_000) }
      try #require(blocksSignals())
      #expect(kill(verifying.process, signal) == 0)
      usleep(100_000)
      #expect(kill(verifying.process, 0) == 0, "the first ends nothing between two steps")
      #expect(kill(verifying.process, signal) == 0)
      let outcome = try verifying.outcome()
      #expect(outcome.status == 128 + signal && outcome.output == "")
      #expect(outcome.error == "persistency: interrupted; nothing was changed\n")
    }
  }

  @Test("output that cannot be written is an error; output that nobody reads any more ends it as a pipe does")
  func output() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let full = try tool.shell("persistency scan alpha msg >/dev/full")
      #expect(full.status == 74, "\(full.status)")
      #expect(full.error.hasPrefix("persistency: cannot write the output: No space left"), "\(full.error)")
      let closed = try tool.shell("persistency scan alpha msg | (exec <&-; sleep 1)")
      #expect(closed.status == 128 + SIGPIPE && closed.error == "", "\(closed.status), \(closed.error)")
    }
  }

  @Test("an engine that needs a server says so when none is named, and what is no connection string is no server")
  func server() throws {
    try Tool.inFreshRoot { tool throws in
      let none = try tool("put", "job", "c", "text:k", "v", "--engine", "postgres")
      #expect(none.status == 64 && none.error.contains("--connection"), "\(none.error)")
      let typo = try tool("jobs", "--connection", "hots=/tmp password=secret")
      #expect(typo.status == 64 && typo.error.contains("hots") && !typo.error.contains("secret"), "\(typo.error)")
      #expect(try tool("jobs").output == "")
    }
  }

  @Test("a category that is not UTF-8 is listed by its bytes", arguments: ["sqlite", "lmdb", "rocks"])
  func categories(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addRaw()
      if engine != "sqlite" { #expect(try tool("migrate", "raw", "--engine", engine).status == 0) }
      #expect(try tool("categories", "raw").output == "\nc\nhex:80\nhex:ff00\n")
      let json = try tool("categories", "raw", "--json").jsonLines().compactMap { $0["category"] as? [String: String] }
      #expect(json.map { $0["hex"] } == ["", "63", "80", "ff00"])
    }
  }

  @Test("a conformance run writes its reports, and tells how many passed")
  func conformance() throws {
    try Tool.inFreshRoot { tool throws in
      let (json, markdown) = (tool.root + "/report.json", tool.root + "/report.md")
      let run = try tool(
        "conformance", "--engine", "memory", "--tiers", "persistent,model", "--no-self-test", "--seed", "3", "--json",
        json,
        "--markdown", markdown)
      #expect(run.status == 0 && run.error == "", "\(run.output)\(run.error)")
      #expect(run.output.contains(" passed, 0 failed, ") && run.output.contains(" distinct rules, "), "\(run.output)")
      #expect(!run.output.contains("FAILED") && !run.output.contains("broken"))
      let report = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json)))
      #expect(((report as? [String: Any])?["rules"] as? Int ?? 0) > 5)
      #expect(try String(contentsOfFile: markdown, encoding: .utf8).contains("memory"))
    }
  }
}
