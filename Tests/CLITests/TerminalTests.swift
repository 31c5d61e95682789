import Foundation
import Testing

@Suite("The tool on a terminal")
struct TerminalTests {
  static let hasScript = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")

  /// Runs a command line on a terminal of its own, and types.
  private func onTerminal(_ tool: Tool, _ line: String, typing: String = "") throws -> Tool.Outcome {
    try tool.shell("printf '\(typing)' | script -qec '\(line)' /dev/null")
  }

  @Test(
    "long work draws a bar with a rate, and takes it away; without a terminal it is silent",
    .enabled(if: hasScript, "script is not installed"))
  func bar() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      let seen = try onTerminal(tool, "persistency copy alpha b --engine lmdb").output
      #expect(seen.contains("copying") && seen.contains("100%") && seen.contains(" of ") && seen.contains("verifying"))
      #expect(seen.contains("\r\u{1B}[K"))
      let silent = try tool("copy", "alpha", "c", "--engine", "lmdb")
      #expect(silent.status == 0 && silent.error == "")
      #expect(!silent.output.contains("\u{1B}"))
    }
  }

  @Test(
    "what cannot be undone is asked about, and a no changes nothing", .enabled(if: hasScript, "script is not installed")
  )
  func confirmation() throws {
    try Tool.inFreshRoot { tool throws in
      #expect(try tool("put", "job", "c", "text:k", "v").status == 0)
      for answer in ["n\\n", "\\n"] {
        let asked = try onTerminal(tool, "persistency drop job", typing: answer)
        #expect(asked.output.contains("Drop job job on sqlite") && asked.output.contains("[y/N]"))
        #expect(try tool("get", "job", "c", "text:k").output == "v\n")
      }
      let range = try onTerminal(tool, "persistency delete-range job c", typing: "y\\n")
      #expect(
        range.output.contains("Delete 1 rows of category c in job job?") && range.output.contains("1 rows deleted"))
      #expect(try onTerminal(tool, "persistency drop job", typing: "yes\\n").output.contains("job job dropped"))
      #expect(try tool("jobs").output == "")
    }
  }

  @Test("a stream is not written to a terminal, nor read from one", .enabled(if: hasScript, "script is not installed"))
  func streams() throws {
    try Tool.inFreshRoot { tool throws in
      try tool.addAlpha()
      #expect(try onTerminal(tool, "persistency export alpha").output.contains("nothing for a terminal"))
      #expect(try onTerminal(tool, "persistency import b").output.contains("standard input is a terminal"))
    }
  }
}
