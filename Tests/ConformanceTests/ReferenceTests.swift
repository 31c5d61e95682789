import PersistencyConformance
import Testing

@Suite("The yardstick")
struct ReferenceTests {
  @Test("keeps every rule of the suite", arguments: ConformanceCheck.all)
  func keeps(_ check: ConformanceCheck) async throws {
    try await check.run(.reference)
  }
}
