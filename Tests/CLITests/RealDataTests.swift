import Foundation
import Testing

@Suite("The tool on a store written by another program")
struct RealDataTests {
  private struct Expected: Decodable {
    var content_sha256: String
    var rows_total: Int
    var categories: [String: Int]
  }

  private func expected() throws -> Expected {
    let data = try Data(contentsOf: URL(fileURLWithPath: Tool.fixture("nim-alpha.json")))
    return try JSONDecoder().decode(Expected.self, from: data)
  }

  @Test("digest and counts are those of the original")
  func digest() throws {
    let expected = try expected()
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try tool("digest", "alpha").output == expected.content_sha256 + "\n")
      let counts = try tool("count", "alpha", "--json").json(0)
      #expect(counts["total"] as? Int == expected.rows_total)
      #expect(counts["categories"] as? [String: Int] == expected.categories)
    }
  }

  @Test("copied to every engine it stays the same", arguments: ["sqlite", "lmdb", "rocks"])
  func copies(_ engine: String) throws {
    let expected = try expected()
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let copy = try tool("copy", "alpha", "beta", "--engine", engine, "--json")
      #expect(copy.status == 0 && copy.error == "")
      #expect(try tool("digest", "beta").output == expected.content_sha256 + "\n")
      let jobs = try tool("jobs", "--json").jsonLines()
      #expect(jobs.map { $0["id"] as? String } == ["beta"])
      #expect(jobs.map { $0["engine"] as? String } == [engine])
      let again = try tool("copy", "alpha", "beta", "--engine", engine)
      #expect(again.status != 0 && again.error.hasPrefix("persistency: conflict"))
      #expect(try tool("digest", "beta").output == expected.content_sha256 + "\n")
    }
  }

  /// SHA-256 of the five rows in order, each part after its length, computed apart from the tool.
  private static let rawDigest = "21959fa20233f94cdd49c4e25fa70642f4a998759015fe27f1b6f24b362da032"

  @Test("a category that is not UTF-8 is digested, and copied to every engine and back")
  func rawCategories() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addRaw()
      #expect(try tool("digest", "raw").output == Self.rawDigest + "\n")
      var source = "raw"
      for engine in ["lmdb", "rocks", "sqlite"] {
        let copy = try tool("copy", source, engine, "--engine", engine)
        #expect(copy.status == 0 && copy.error == "", "\(copy.error)")
        #expect(try tool("digest", engine).output == Self.rawDigest + "\n", "\(engine)")
        source = engine
      }
      let shell = try tool.run(
        "sqlite3", [tool.root + "/sqlite.db", "SELECT hex(category), hex(key), hex(payload) FROM kv"])
      #expect(shell.output == "|6B|04\n63|6B|01\n80|00FF|03\nFF00||\nFF00|6B|02\n")
    }
  }

  @Test("a category that is not UTF-8 is counted, and shown in hexadecimal", arguments: ["sqlite", "lmdb", "rocks"])
  func countsRawCategories(_ engine: String) throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addRaw()
      if engine != "sqlite" { #expect(try tool("copy", "raw", "copied", "--engine", engine).status == 0) }
      let job = engine == "sqlite" ? "raw" : "copied"
      #expect(try tool("count", job).output == "\t1\nc\t1\nhex:80\t1\nhex:ff00\t2\ntotal\t5\n")
      let counts = try tool("count", job, "--json").json(0)
      #expect(counts["total"] as? Int == 5)
      #expect(counts["categories"] as? [String: Int] == ["": 1, "c": 1, "hex:80": 1, "hex:ff00": 2])
      #expect(try tool("count", job, "c").output == "1\n")
    }
  }

  @Test("a row we put is read by the sqlite3 shell")
  func shellReads() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try tool("put", "alpha", "mine", "\"chan\",i:7", "hello").status == 0)
      let shell = try tool.run(
        "sqlite3",
        [tool.root + "/alpha.db", "SELECT hex(key), payload FROM kv WHERE category = CAST('mine' AS BLOB)"])
      #expect(shell.output == "00046368616E8000000000000007|hello\n")
    }
  }

  @Test("the demonstration shows four equal digests")
  func demo() throws {
    try Tool.inFreshRoot { tool throws in
      let demo = try tool("demo", Tool.fixture("nim-alpha.db"))
      #expect(demo.status == 0)
      #expect(demo.output.components(separatedBy: try expected().content_sha256).count == 5)
    }
  }
}
