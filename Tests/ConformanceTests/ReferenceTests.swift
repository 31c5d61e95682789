import Testing

@testable import PersistencyConformance

@Suite("The yardstick")
struct ReferenceTests {
  @Test("keeps every rule of the suite", arguments: ConformanceCheck.all)
  func keeps(_ check: ConformanceCheck) async throws {
    try await check.run(.reference)
  }

  @Test("keeps every rule in the shell that the broken backends wear", arguments: ConformanceCheck.all)
  func keepsInShell(_ check: ConformanceCheck) async throws {
    try await check.run(.untampered)
  }
}
