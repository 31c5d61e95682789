import PersistencyConformance
import Testing

@Suite("The suite tests itself")
struct SelfTests {
  @Test("Every backend that is broken on purpose is caught")
  func caught() async {
    let results = await SelfTest.run()
    #expect(results.count == BrokenBackend.all.count)
    for result in results {
      #expect(!result.caughtBy.isEmpty, "nothing caught \(result.name): \(result.breaks)")
    }
  }

  @Test("Identifiers, rules and broken backends have names of their own")
  func unique() {
    #expect(Set(ConformanceCheck.all.map(\.id)).count == ConformanceCheck.all.count)
    #expect(Set(ConformanceCheck.all.map(\.rule)).count == ConformanceCheck.all.count)
    #expect(Set(BrokenBackend.all.map(\.name)).count == BrokenBackend.all.count)
    #expect(BrokenBackend.all.count >= 28)
  }
}
