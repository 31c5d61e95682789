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
      #expect(two.output == "hex:00016b8000000000000004\tv4\nhex:00016b8000000000000003\tv3\n")
      let json = try #require(try tool("scan", "job", "c", "--limit", "2", "--json").json() as? [[String: Any]])
      #expect(json.count == 2)
      #expect((json[0]["payload"] as? [String: String])?["text"] == "v0")
      #expect(try tool("scan", "job", "c", "--limit", "0", "--json").json() as? [Int] == [])
      #expect(try tool("delete", "job", "c", "\"k\",i:3").output == "deleted\n")
      #expect(try tool("delete", "job", "c", "\"k\",i:3").output == "was not there\n")
      #expect(try tool("jobs").output.hasPrefix("job\t\(engine)\t"))
    }
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
      ["conformance", "--json", "/nowhere/report.json"], ["jobs", "--root", "/dev/null"],
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
      #expect(held.error.hasPrefix("persistency: locked") && held.status != 0)
    }
  }

  @Test("help and version end well")
  func help() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("--version").output == "0.1.0\n")
      let help = try tool("--help")
      #expect(help.status == 0 && help.output.contains("digest") && help.error == "")
    }
  }
}
