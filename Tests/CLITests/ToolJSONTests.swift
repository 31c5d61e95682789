import Foundation
import Testing

/// What a program reads: one object a line, with these names.
@Suite("The tool's --json")
struct ToolJSONTests {
  private typealias Object = [String: Any]

  private func bytes(_ object: Any?) -> [String: String]? { object as? [String: String] }

  @Test("says of each change what became of it")
  func changes() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:k", "v", "--json").output == "{\"stored\":true}\n")
      #expect(try tool("put", "job", "c", "text:l", "w", "--json").output == "{\"stored\":true}\n")
      #expect(try tool("delete", "job", "c", "text:k", "--json").output == "{\"deleted\":true}\n")
      #expect(try tool("delete", "job", "c", "text:k", "--json").output == "{\"deleted\":false}\n")
      #expect(try tool("delete-range", "job", "c", "--yes", "--json").output == "{\"deleted\":1}\n")
      #expect(try tool("count", "job", "c").output == "0\n")
      #expect(try tool("drop", "job", "--yes", "--json").output == "{\"dropped\":\"job\"}\n")
      #expect(try tool("jobs", "--json").output == "")
    }
  }

  @Test("has bytes in hexadecimal, and as text or typed parts where they can be read so")
  func looks() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "\"k\",i:7", "hex:00ff").status == 0)
      #expect(try tool("put", "job", "é", "text:k", "v").status == 0)
      let found = try tool("get", "job", "c", "\"k\",i:7", "--json").json(0)
      #expect(found["found"] as? Bool == true && bytes(found["payload"]) == ["hex": "00ff"])
      let missing = try tool("get", "job", "c", "text:none", "--json")
      #expect(missing.status == 1 && missing.output == "{\"found\":false}\n" && missing.error == "")
      let categories = try tool("categories", "job", "--json").jsonLines().map { bytes($0["category"]) }
      #expect(categories == [["hex": "63", "text": "c"], ["hex": "c3a9", "text": "é"]])
      let count = try tool("count", "job", "--json").json(0)
      #expect(count["total"] as? Int == 2 && count["categories"] as? [String: Int] == ["c": 1, "é": 1])
      #expect(try tool("count", "job", "c", "--json").output == "{\"categories\":{\"c\":1},\"total\":1}\n")
      let stat = try tool("stat", "job", "--json").json(0)
      #expect(bytes(stat["firstKey"])?["parts"] == "\"k\",i:7" && stat["payloadBytes"] as? Int == 2)
      let sha = try tool("digest", "job", "--json").json(0)
      #expect((sha["sha256"] as? String)?.count == 64 && sha["rows"] as? Int == 2 && sha["xxh64"] == nil)
      let quick = try tool("digest", "job", "--json", "--algorithm", "xxh64").json(0)
      #expect((quick["xxh64"] as? String)?.count == 16 && quick["sha256"] == nil)
      let job = try tool("jobs", "--json", "--no-rows").json(0)
      #expect(
        job["rows"] == nil && job["engine"] as? String == "sqlite" && job["durability"] as? String == "consistent")
      #expect(try tool("get", "job", "c", "\"k\",i:7", "--raw").output == "\0\u{FFFD}")
    }
  }

  @Test("says of each move how many rows there are, and their digest, the same throughout")
  func moves() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let digest = try #require(
        try tool("digest", "alpha", "--algorithm", "xxh64", "--json").json(0)["xxh64"] as? String)
      func expect(_ outcome: Tool.Outcome, _ engine: String?) throws {
        let object = try outcome.json(0)
        #expect(object["xxh64"] as? String == digest && object["engine"] as? String == engine, "\(outcome)")
        #expect((object["rows"] as? Int ?? 0) > 100 && (object["bytes"] as? Int ?? 0) > 1_000)
      }
      try expect(try tool("copy", "alpha", "b", "--engine", "lmdb", "--json"), "lmdb")
      try expect(try tool("migrate", "b", "--engine", "rocks", "--json"), "rocks")
      #expect(try tool("jobs", "--no-rows").output.contains("keeps its store on lmdb"))
      #expect(try tool("jobs", "--json").jsonLines().contains { $0["superseded"] as? String == "lmdb" })
      let discarded = try tool("discard", "b", "--yes", "--json").json(0)
      #expect((discarded["bytesGivenBack"] as? Int ?? 0) > 1_000)
      #expect(try tool("discard", "b", "--yes").output == "nothing to discard\n")
      let stream = tool.root + "/stream.kvs"
      try expect(try tool("export", "b", "--output", stream, "--json"), nil)
      let whole = try tool("verify", stream, "--json").json(0)
      #expect(
        whole["xxh64"] as? String == digest && whole["job"] as? String == "b" && whole["engine"] as? String == "rocks")
      try expect(try tool("import", "c", stream, "--engine", "sqlite", "--json"), "sqlite")
      let backup = try tool("backup", "c", tool.root + "/kept", "--json").json(0)
      #expect((backup["bytesOnDisk"] as? Int ?? 0) > 1_000)
      let check = try tool("check", "c", "--json", "--root", tool.root + "/kept").json(0)
      #expect(check["sound"] as? Bool == true && check["xxh64"] as? String == digest)
      #expect((check["findings"] as? [String]) == [])
    }
  }

  @Test("says of a damaged job what was found, and of a reclaimed one how much it gave back")
  func maintenance() throws {
    try Tool.inFreshRoot { tool throws in
      let made = try tool.run(
        "sqlite3",
        [
          tool.root + "/big.db",
          """
          CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (category, key)) WITHOUT ROWID;
          PRAGMA user_version=1;
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000)
            INSERT INTO kv SELECT CAST('c' AS BLOB), CAST(i AS BLOB), zeroblob(4096) FROM n;
          """,
        ])
      try #require(made.status == 0, "\(made.error)")
      #expect(try tool("delete-range", "big", "c", "--yes").output == "2000 rows deleted\n")
      let given = try tool("reclaim", "big", "--json").json(0)
      #expect((given["bytesGivenBack"] as? Int ?? 0) > 4 << 20)
      #expect(try tool("reclaim", "big", "--seconds", "0").output == "nothing to give back\n")
      try FileManager.default.removeItem(atPath: tool.root + "/big.db")
      let damaged = try tool("check", "big", "--json")
      #expect(damaged.status == 1)
      let object = try damaged.json(0)
      #expect(object["sound"] as? Bool == false && (object["findings"] as? [String])?.isEmpty == false)
      #expect(object["rows"] == nil)
    }
  }

  @Test("a report that cannot be written, and a benchmark that is not there, say so")
  func refusals() throws {
    try Tool.inFreshRoot { tool throws in
      let exists = try tool("export", "job", "--output", "/dev/null")
      #expect(exists.status != 0 && exists.output == "")
      #expect(try tool("put", "job", "c", "text:k", "v").status == 0)
      let taken = try tool("export", "job", "--output", "/dev/null")
      #expect(taken.status == 73 && taken.error.contains("exists already"))
      let nowhere = try tool("export", "job", "--output", "/nowhere/x")
      #expect(nowhere.status == 74 && nowhere.error.contains("cannot create /nowhere/x.part"))
      // Alone in a folder, with nothing on its path.
      let alone = tool.root + "/alone"
      try FileManager.default.createDirectory(atPath: alone, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: tool.executable, toPath: alone + "/persistency")
      var bench = try tool.run("/bin/sh", ["-c", "PATH=/nowhere exec \(alone)/persistency bench --quick"])
      // "Text file busy": a process that another test starts at this moment still has the copy open for writing.
      for _ in 0..<100 where bench.status == 126 {
        bench = try tool.run("/bin/sh", ["-c", "sleep 0.1; PATH=/nowhere exec \(alone)/persistency bench --quick"])
      }
      #expect(bench.status == 69 && bench.error.contains("neither beside this program nor on the path"))
    }
  }
}
