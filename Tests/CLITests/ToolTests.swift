import Foundation
import Testing

@Suite("The tool's commands")
struct ToolTests {
  @Test("put, get, scan, count and delete on each engine", arguments: ["sqlite", "lmdb", "rocks"])
  func rows(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      for number in 0..<5 {
        #expect(try tool("put", "job", "c", "\"k\",i:\(number)", "v\(number)", "--engine", engine).status == 0)
      }
      #expect(try tool("put", "job", "c", "text:raw", "hex:00ff").status == 0)
      #expect(try tool("get", "job", "c", "\"k\",i:3").output == "v3\n")
      #expect(try tool("get", "job", "c", "text:raw").output == "hex:00ff\n")
      #expect(try tool("count", "job", "c").output == "6\n")
      let all = try tool("scan", "job", "c").output.split(separator: "\n")
      #expect(all.count == 6 && all.last == "text:raw\thex:00ff")
      let two = try tool("scan", "job", "c", "--prefix", "\"k\"", "--reverse", "--limit", "2")
      #expect(two.output == "\"k\",i:4\tv4\n\"k\",i:3\tv3\n")
      let range = try tool("scan", "job", "c", "--start", "\"k\",i:1", "--stop", "\"k\",i:3")
      #expect(range.output == "\"k\",i:1\tv1\n\"k\",i:2\tv2\n")
      #expect(try tool("count", "job", "c", "--prefix", "\"k\"", "--start", "\"k\",i:2").output == "3\n")
      let json = try tool("scan", "job", "c", "--limit", "2", "--json").jsonLines()
      #expect(json.count == 2)
      #expect((json[0]["payload"] as? [String: String])?["text"] == "v0")
      #expect((json[0]["key"] as? [String: String])?["parts"] == "\"k\",i:0")
      #expect(try tool("scan", "job", "c", "--limit", "0", "--json").output == "")
      #expect(try tool("categories", "job").output == "c\n")
      let stat = try tool("stat", "job").output.split(separator: "\n")
      #expect(stat.count == 2 && stat[1].hasPrefix("c\t6 rows\t") && stat[1].hasSuffix("\"k\",i:0\ttext:raw"))
      #expect(try tool("stat", "job", "--json").json(0)["rows"] as? Int == 6)
      #expect(try tool("delete", "job", "c", "\"k\",i:3").output == "deleted\n")
      #expect(try tool("delete", "job", "c", "\"k\",i:3").output == "was not there\n")
      #expect(try tool("jobs").output.hasPrefix("job\t\(engine)\t5 rows\t"))
      #expect(try tool("jobs", "--json").json(0)["state"] as? String == "closed")
      let unsaid = try tool("delete-range", "job", "c", "--prefix", "\"k\"")
      #expect(unsaid.status == 64 && unsaid.error.contains("--yes"))
      #expect(try tool("delete-range", "job", "c", "--prefix", "\"k\"", "--yes").output == "4 rows deleted\n")
      #expect(try tool("count", "job").output == "c\t1\ntotal\t1\n")
      #expect(try tool("drop", "job").status == 64)
      #expect(try tool("drop", "job", "--yes").output == "job job dropped\n")
      #expect(try tool("jobs").output == "")
    }
  }

  @Test("the README's session goes as it says")
  func readme() throws {
    let readme = URL(fileURLWithPath: #filePath).appending(path: "../../../README.md").standardized
    let text = try String(contentsOf: readme, encoding: .utf8)
    let section = try #require(text.components(separatedBy: "\n### The tool\n").last)
    let session = try #require(section.components(separatedBy: "```\n").dropFirst().first)
    let steps = session.components(separatedBy: "$ ").dropFirst()
    #expect(steps.count == 5)
    try Tool.inFreshRoot { tool throws in
      for step in steps {
        let lines = step.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let outcome = try tool.shell(String(lines[0]))
        #expect(outcome.status == 0 && outcome.error == "", "\(lines[0]): \(outcome.error)")
        #expect(outcome.output == lines[1], "\(lines[0])")
      }
    }
  }

  @Test("the guide has the commands, options and exit statuses that --help tells, and no others")
  func guide() throws {
    let guide = URL(fileURLWithPath: #filePath).appending(path: "../../../Sources/Core/PersistencyCore.docc/TheTool.md")
    let rows = try String(contentsOf: guide.standardized, encoding: .utf8).split(separator: "\n").filter {
      $0.hasPrefix("| ") && !$0.hasPrefix("| command") && !$0.hasPrefix("| status")
    }
    try Tool.inFreshRoot { tool throws in
      let told = try #require(try tool("--experimental-dump-help").whole()["command"] as? [String: Any])
      var wanted = try #require(told["subcommands"] as? [[String: Any]]).filter {
        $0["commandName"] as? String != "help"
      }
      .map(Self.row)
      let statuses = try #require(told["discussion"] as? String).components(separatedBy: "EXIT STATUS\n")[1]
      wanted += statuses.components(separatedBy: "\n\n")[0].split(separator: "\n").map { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        return "| \(parts[0]) | \(parts[1].drop { $0 == " " }) |"
      }
      #expect(rows.map(String.init) == wanted)
      #expect(wanted.count > 30)
    }
  }

  /// The line of the guide's table for a command as the parser describes it.
  private static func row(_ command: [String: Any]) -> String {
    let name = command["commandName"] as? String ?? ""
    let common = name == "conformance" ? ["version", "help"] : ["root", "connection", "json", "version", "help"]
    let options = (command["arguments"] as? [[String: Any]] ?? []).compactMap { argument in
      (argument["names"] as? [[String: Any]])?.first { $0["kind"] as? String == "long" }?["name"] as? String
    }
    let shown = options.filter { !common.contains($0) }.map { "`--\($0)`" }.joined(separator: " ")
    return "| `\(name)` | \(shown) | \(command["abstract"] as? String ?? "") |"
  }

  @Test("typed parts are read in every form")
  func parts() throws {
    try Tool.inFreshRoot { tool throws in
      let forms = [
        ("\"a\\\"b\",true", "000361226201"), ("i:-1", "7fffffffffffffff"), ("u:1", "0000000000000001"), ("b:255", "ff"),
        ("x:00ff", "000200ff"), ("d:0", "8000000000000000"), ("o:\"a\"", "610000"), ("hex:0A", "0a"),
        ("text:é", "c3a9"),
        ("", ""),
      ]
      let shown = [
        "\"a\\\"b\",true": "hex:000361226201", "i:-1": "i:-1", "u:1": "u:1", "x:00ff": "x:00ff",
        "\"k\",i:4": "\"k\",i:4",
        "\"chan\",\"é\",i:-7": "\"chan\",\"é\",i:-7", "text:é": "text:é", "hex:0A": "hex:0a",
      ]
      for (form, text) in shown {
        #expect(try tool("put", "shown", form, form, "v").status == 0, "\(form)")
        #expect(try tool("scan", "shown", form).output == "\(text)\tv\n", "\(form)")
        // What is shown is taken back.
        #expect(try tool("get", "shown", form, text).output == "v\n", "\(form)")
      }
      for (form, hex) in forms {
        #expect(try tool("put", "job", "c", form, "v").status == 0, "\(form)")
        #expect(try tool("get", "job", "c", "hex:" + hex).output == "v\n", "\(form)")
      }
    }
  }

  @Test(
    "what cannot be is one clear line on standard error, a non-zero status, and changes nothing",
    arguments: [
      ["get", "none", "c", "text:k"], ["digest", "none"], ["count", "none"], ["scan", "none", "c"],
      ["delete", "none", "c", "text:k"], ["copy", "none", "new", "--engine", "lmdb"],
      ["copy", "job", "new", "--engine", "nope"], ["copy", "job", "new", "--engine", "memory"],
      ["put", "job", "c", "text:k", "v", "--engine", "nope"], ["put", "job", "c", "text:k", "v", "--engine", "rocks"],
      ["put", "job", "c", "oops", "v"], ["put", "job", "c", "i:x", "v"], ["put", "job", "c", "hex:0", "v"],
      ["put", "job", "c", "\"open", "v"], ["put", "", "c", "text:k", "v"], ["get", "job", "c", "text:missing"],
      ["scan", "job", "c", "--limit=-1"], ["scan", "job"], ["frobnicate"], ["get", "job", "c", "text:k", "--nope"],
      ["conformance", "--engine", "nope"], ["conformance", "--tiers", "nope"],
      ["conformance", "--json", "/nowhere/report.json"], ["jobs", "--root", "/dev/null"], ["stat", "none"],
      ["categories", "none"], ["check", "none"], ["reclaim", "none"], ["drop", "none", "--yes"], ["drop", "job"],
      ["discard", "none", "--yes"], ["delete-range", "job", "c"], ["migrate", "job", "--engine", "sqlite"],
      ["migrate", "job", "--engine", "memory"], ["migrate", "none", "--engine", "lmdb"], ["export", "none"],
      ["import", "job", "/dev/null"], ["import", "new", "/dev/null"], ["import", "new", "/nowhere/stream"],
      ["verify", "/dev/null"], ["backup", "none", "/tmp/none"], ["backup", "job", "/dev/null/x"],
      ["copy", "job", "job"],
      ["scan", "job", "c", "--start", "oops"], ["count", "job", "--prefix", "\"k\""],
      ["reclaim", "job", "--seconds=-1"],
      ["digest", "job", "--algorithm", "md5"], ["get", "job", "c", "text:k", "--payload", "xml"],
    ])
  func refused(_ arguments: [String]) throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:k", "v").status == 0)
      let before = try tool("digest", "job").output
      let outcome = try tool.run("persistency", arguments, ["PERSISTENCY_ROOT": tool.root])
      #expect(outcome.status != 0)
      #expect(outcome.output == "")
      #expect(
        outcome.error.hasPrefix("persistency: ") && outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
      #expect(try tool("digest", "job").output == before)
      #expect(try tool("jobs").output.split(separator: "\n").count == 1)
    }
  }

  @Test("the root is --root, else $PERSISTENCY_ROOT")
  func root() throws {
    try Tool.inFreshRoot { tool throws in
      let other = tool.root + "/other"
      #expect(try tool("put", "job", "c", "text:k", "v", "--root", other).status == 0)
      #expect(try tool("jobs").output == "")
      #expect(try tool("get", "job", "c", "text:k", "--root", other).output == "v\n")
    }
  }

  @Test("a live job can be read from another process, and not written")
  func lockedByAnother() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:k", "v").status == 0)
      // `flock` holds the lock as a process that has the job open does.
      let held = try tool.run(
        "flock",
        [
          tool.root + "/job.lock", "sh", "-c",
          "\(tool.executable) get job c text:k; \(tool.executable) put job c text:k w",
        ], ["PERSISTENCY_ROOT": tool.root])
      #expect(held.output == "v\n")
      #expect(held.error.hasPrefix("persistency: locked") && held.status == 75)
    }
  }

  @Test("help and version end well")
  func help() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("--version").output == "0.1.0\n")
      let help = try tool("--help")
      #expect(help.status == 0 && help.output.contains("digest") && help.error == "")
      for line in ["EXIT STATUS", "75", "EXAMPLES", "ssh there"] { #expect(help.output.contains(line), "\(line)") }
      // Every command has an example, and none leads nowhere.
      let commands = [
        "jobs", "stat", "categories", "get", "scan", "count", "digest", "put", "delete", "delete-range", "drop", "copy",
        "migrate", "discard", "export", "import", "verify", "backup", "check", "reclaim", "bench",
      ]
      for command in commands {
        let help = try tool("help", command)
        #expect(help.status == 0 && help.output.contains("EXAMPLE"), "\(command)")
        #expect(help.output.contains("persistency \(command) "), "\(command)")
      }
      for shell in ["bash", "zsh", "fish"] {
        let script = try tool("--generate-completion-script", shell)
        #expect(script.status == 0 && script.output.contains("migrate"), "\(shell)")
      }
    }
  }

  @Test("payloads are shown as they are asked for")
  func payloads() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:json", "{\"b\": 1, \"a\": [true]}").status == 0)
      #expect(try tool("put", "job", "c", "text:parts", "parts:\"k\",i:7").status == 0)
      func get(_ key: String, _ format: String) throws -> String {
        try tool("get", "job", "c", "text:" + key, "--payload", format).output
      }
      #expect(try get("json", "json") == "{\"a\":[true],\"b\":1}\n")
      #expect(try get("json", "hex") == "7b2262223a20312c202261223a205b747275655d7d\n")
      #expect(try get("json", "auto") == "{\"b\": 1, \"a\": [true]}\n")
      #expect(try get("parts", "parts") == "\"k\",i:7\n")
      #expect(try get("parts", "auto") == "hex:00016b8000000000000007\n")
      #expect(try get("parts", "json") == "hex:00016b8000000000000007\n")
    }
  }

  @Test("the statuses are those that --help tells")
  func statuses() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:k", "v").status == 0)
      #expect(try tool("get", "job", "c", "text:missing").status == 1)
      #expect(try tool("frobnicate").status == 64)
      #expect(try tool("scan", "job", "c", "--start", "oops").status == 64)
      #expect(try tool("verify", "/dev/null").status == 65)
      #expect(try tool("digest", "none").status == 66)
      #expect(try tool("copy", "job", "other", "--engine", "lmdb").status == 0)
      #expect(try tool("copy", "job", "other", "--engine", "lmdb").status == 73)
      try FileManager.default.removeItem(atPath: tool.root + "/job.db")
      let damaged = try tool("check", "job")
      #expect(damaged.status == 1 && damaged.output.contains("is damaged") && damaged.error == "")
      #expect(try tool("digest", "job").status == 65)
      // A root of another version.
      let manifest = URL(fileURLWithPath: tool.root + "/other.job")
      let text = try String(contentsOf: manifest, encoding: .utf8)
      try Data(text.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 9").utf8).write(to: manifest)
      let newer = try tool("digest", "other")
      #expect(newer.status == 69 && newer.error.contains("newer"), "\(newer.error)")
    }
  }

  @Test("a reader that goes away ends a scan quietly, as a pipe does")
  func brokenPipe() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let head = try tool.shell("persistency scan alpha msg | head -n 2")
      #expect(head.output.split(separator: "\n").count == 2 && head.error == "")
      let export = try tool.shell("persistency export alpha | head -c 10 | wc -c")
      #expect(export.output == "10\n")
      #expect(export.error == "" || export.error.hasPrefix("persistency: backend: cannot write the export"))
    }
  }

  @Test("bench runs the benchmark beside the tool")
  func bench() throws {
    try Tool.inFreshRoot { tool throws in
      let help = try tool("bench", "--help")
      #expect(
        help.output.contains("persistency-bench") || help.output.contains("Measure every engine"), "\(help.error)")
    }
  }
}
