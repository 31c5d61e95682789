import Foundation
import PersistencyCore
import TestSupport
import Testing

@Suite("A damaged job is refused, or whole")
struct DamageTests {
  /// Opens the job in every way, expecting the same answer each time and not one byte changed.
  private func open(
    _ place: StoredPlace, expecting ending: Damage.Ending, as known: [Engine] = Engine.every
  ) async throws {
    let before = try place.snapshot()
    let jobs = try place.jobs(known)
    for (engine, access) in [
      (nil, StoreAccess.readWrite), (nil, .readOnly), (place.engine, .readWrite), (place.engine, .readOnly),
    ] {
      let (named, access): (Engine?, StoreAccess) = (engine, access)
      let how = "\(access.rawValue), \(named.map { "named \($0.name)" } ?? "unnamed")"
      do {
        let job = try await jobs.openJob("job", engine: named, options: JobOptions(access: access))
        #expect(ending == .opens, "\(how): opened")
        #expect(try await job.scan(category: "c") == StoredPlace.rows, "\(how)")
        try await jobs.closeJob("job")
      } catch {
        #expect(ending == .refused(error.kind), "\(how): \(error)")
        #expect(error.tellsWhatToDo, "\(how): \(error)")
        #expect(error.outcome == .notApplied)
        let changes = try place.snapshot().differences(from: before)
        #expect(changes == [], "\(how)")
      }
    }
    // Nobody else noticed.
    #expect(try jobs.storedJobs().contains { $0.id == "other" })
    #expect(try await jobs.openJob("other").scan(category: "c") == StoredPlace.rows)
    try await jobs.close()
  }

  @Test(
    "by an opening that changes nothing and says what to do; mended, it opens with all its rows; it can be dropped",
    arguments: Damage.all)
  func stored(_ damage: Damage) async throws {
    let engine = try #require(Engine.stored.first { $0.name == damage.engine })
    try await StoredPlace.with(engine) { place in
      let sound = place.root + ".sound"
      defer { try? FileManager.default.removeItem(atPath: sound) }
      try FileManager.default.copyItem(atPath: place.root, toPath: sound)
      try damage.harm(place)
      try await open(place, expecting: damage.job)

      for name in ["job.job", "job" + engine.fileSuffix] {
        try? FileManager.default.removeItem(atPath: place.root + "/" + name)
        try FileManager.default.copyItem(atPath: sound + "/" + name, toPath: place.root + "/" + name)
      }
      for sidecar in ["-wal", "-shm", "-journal"] { unlink(place.store + sidecar) }
      try? FileManager.default.removeItem(atPath: place.root + "/elsewhere")
      try await open(place, expecting: .opens)

      try damage.harm(place)
      let jobs = try place.jobs()
      try await jobs.dropJob("job")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: place.root).filter { $0.hasPrefix("job.") } == ["job.lock"])
      #expect(try await jobs.openJob("job", engine: engine).count(category: "c") == 0)
      try await jobs.close()
    }
  }

  @Test("by its engine alone, too", arguments: Damage.all)
  func raw(_ damage: Damage) async throws {
    let engine = try #require(Engine.stored.first { $0.name == damage.engine })
    try await StoredPlace.with(engine) { place in
      try damage.harm(place)
      let before = try place.snapshot()
      for access in [StoreAccess.readOnly, .readWrite, .readOnly] {
        do {
          let store = try engine.open(place.store, StoreOptions(access: access, mustExist: true))
          defer { store.close() }
          #expect(damage.raw == .opens, "\(access): opened")
          #expect(try store.scanRange(category: "c", range: .all, reverse: false, limit: nil) == StoredPlace.rows)
          #expect(try findings(store) == [])
        } catch let error as PersistencyError {
          #expect(damage.raw == .refused(error.kind), "\(access): \(error)")
          #expect(error.tellsWhatToDo, "\(access): \(error)")
          let changes = try place.snapshot().differences(from: before)
          #expect(changes == [], "\(access)")
        }
      }
    }
  }

  @Test("whatever became of its manifest", arguments: ManifestDamage.all, Engine.stored)
  func manifests(_ damage: ManifestDamage, _ engine: Engine) async throws {
    try await StoredPlace.with(engine) { place in
      try damage.harm(place)
      try await open(place, expecting: damage.ending(engine))
    }
  }
}

/// What the engine's own examination finds; none where it has no such.
func findings(_ store: any KvBackend) throws -> [String] {
  var found: [String] = []
  try (store as? any KvMaintenance)?.check { found.append($0.message) }
  return found
}

extension PersistencyError {
  /// Whether the message names a remedy, and not only what is wrong.
  var tellsWhatToDo: Bool {
    [
      "restore", "move", "drop", "use ", "open ", "make room", "raise", "choose", "close", "needs", "copy", "is needed",
      "give", "run ", "put ",
    ].contains { message.contains($0) }
  }
}
