import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencySQLite
import TestSupport
import Testing

@Suite("The engines of a Persistency")
struct EngineListTests {
  private func engine(_ name: String, _ suffix: String) -> Engine {
    Engine(name: name, fileSuffix: suffix, capabilities: Capabilities(persistent: true)) {
      _, _ throws(PersistencyError) in try MemoryBackend()
    }
  }

  @Test("have names and suffixes of their own, which share no end with one another or with what is kept beside a store")
  func names() async throws {
    func refusal(_ engines: Engine...) -> PersistencyError? {
      do throws(PersistencyError) {
        _ = try Persistency(rootDirectory: "/nowhere", engines: engines)
        return nil
      } catch { return error }
    }
    for (error, word) in [
      (refusal(), "no engines"), (refusal(.sqlite, .sqlite), "two engines"), (refusal(engine("", ".x")), "not empty"),
      (refusal(engine("a", "")), "needs a file suffix"), (refusal(engine("a", "/x")), "needs a file suffix"),
      (refusal(engine("a", ".x\0")), "needs a file suffix"), (refusal(engine("a", ".job")), "clashes with .job"),
      (refusal(engine("a", ".lock")), "clashes with .lock"), (refusal(.sqlite, engine("a", ".db")), "clashes with .db"),
      (refusal(engine("a", ".x.y"), engine("b", ".y")), "clashes with .x.y"),
    ] {
      #expect(
        error?.kind == .invalidArgument && error?.message.contains(word) == true,
        "\(word): \(String(describing: error))")
    }
    #expect(refusal(engine("a", ".x"), engine("b", ".y"), .memory) == nil)
  }

  @Test("a job that is open is not opened on another of them, nor with other options")
  func open() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .memory])
      let job = try await jobs.openJob("a")
      #expect(try await jobs.openJob("a", engine: .sqlite) === job)
      #expect(await kind { _ = try await jobs.openJob("a", engine: .memory) } == .invalidArgument)
      #expect(
        await kind { _ = try await jobs.openJob("a", options: JobOptions(durability: .full)) } == .invalidArgument)
      try await jobs.close()
      // What is on an engine that is not among them says which that is.
      let other = try Persistency(rootDirectory: root, engines: [.lmdb])
      do throws(PersistencyError) {
        try await other.migrateJob("a", to: .lmdb)
        Issue.record("it was migrated without its engine")
      } catch {
        #expect(error.kind == .invalidArgument && error.message.contains("sqlite"), "\(error)")
      }
      try await other.close()
    }
  }

  @Test("maintenance that an adapter does not write is unsupported, and says what the adapter is")
  func maintenance() throws {
    let store = BareStore()
    for error in [
      #expect(throws: PersistencyError.self) { _ = try store.sizeOnDisk() },
      #expect(throws: PersistencyError.self) { try store.check { _ in } },
      #expect(throws: PersistencyError.self) { _ = try store.reclaim(budget: .zero) },
      #expect(throws: PersistencyError.self) { try store.backup(to: "/nowhere") },
    ] {
      #expect(error?.kind == .unsupported && error?.message.contains("BareStore") == true)
    }
  }

  /// An adapter that says it can be maintained, and writes none of it.
  private final class BareStore: KvMaintenance {
    func applyOps(_ ops: [TxOp]) throws(PersistencyError) {}
    func getOne(category: String, key: Key) throws(PersistencyError) -> [UInt8]? { nil }
    func deleteOne(category: String, key: Key) throws(PersistencyError) -> Bool { false }
    func visitRange(
      category: String, range: KeyRange, reverse: Bool, _ visit: (RawSpan, RawSpan) throws(PersistencyError) -> Visit
    ) throws(PersistencyError) {}
    func visitAll(_ visit: (RawSpan, RawSpan, RawSpan) throws(PersistencyError) -> Visit) throws(PersistencyError) {}
    func categories() throws(PersistencyError) -> [String] { [] }
    func close() {}
  }

  @Test("the limit of descriptors is raised as far as is asked and allowed, and never lowered")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      ProcessUse.limitDescriptors(to: 100)
      #expect(DescriptorLimit.current == 100)
      #expect(DescriptorLimit.raise(to: 50) == 100)
      #expect(DescriptorLimit.raise(to: 200) == 200 && DescriptorLimit.current == 200)
      let highest = DescriptorLimit.raise()
      #expect(highest >= 200 && DescriptorLimit.raise(to: .max) == highest && DescriptorLimit.current == highest)
    }
  }
}
