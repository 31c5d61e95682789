import PersistencyConformance
import Testing

@Suite("The suite tests itself")
struct SelfTests {
  @Test("Every backend that is broken on purpose is caught")
  func caught() async {
    let results = await SelfTest.run(enough: 1)
    #expect(results.count == BrokenBackend.all.count)
    for result in results {
      #expect(!result.caughtBy.isEmpty, "nothing caught \(result.name): \(result.breaks)")
    }
  }

  @Test("Identifiers, rules and broken backends have names of their own")
  func unique() {
    #expect(Self.repeated(ConformanceCheck.everything.map(\.id)) == [])
    #expect(Self.repeated(ConformanceCheck.everything.map(\.rule)) == [])
    #expect(Set(BrokenBackend.all.map(\.name)).count == BrokenBackend.all.count)
    #expect(BrokenBackend.all.count >= 28)
  }

  private static func repeated(_ names: [String]) -> [String] {
    Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
  }

  @Test("There are 250 rules and more, each a sentence about a paragraph of the contract")
  func rules() {
    #expect(ConformanceCheck.all.count >= 250)
    for check in ConformanceCheck.all {
      #expect(check.id.contains("."), "\(check)")
      #expect(check.rule.count > 15 && !check.rule.hasSuffix("."), "\(check)")
      #expect(!check.paragraph.isEmpty, "\(check)")
    }
  }

  @Test("A check that the yardstick fails catches nobody")
  func unsound() async throws {
    let unsound = ConformanceCheck("order.always-fails", "Nobody passes", paragraph: "4.1") { check in
      try check.expect(false, "never")
    }
    let broken = try #require(BrokenBackend.all.first)
    let results = await SelfTest.run([broken], checks: [unsound])
    #expect(results.map(\.caughtBy) == [[]])
  }
}
