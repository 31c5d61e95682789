import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A history of calls, and where a store's answers part from the model's.
struct History: Hashable, Sendable {
  var steps: [HistoryStep]

  /// The first answer that is not the model's.
  struct Divergence: Hashable, Sendable {
    /// In the history; its length for the dump at the end.
    let index: Int
    let adapter: String
    let found: HistoryAnswer
    let wanted: HistoryAnswer
  }

  /// Plays the history on the model and on a fresh store of each fixture, one call after the other on all of them,
  /// and compares every answer, and all rows at the end.
  ///
  /// - Parameter directory: Exists; each store gets a folder of its own in it.
  /// - Throws: what the first opening of a store throws.
  func replay(on fixtures: [BackendFixture], in directory: String) throws -> Divergence? {
    let model = ReferenceBackend(limits: fixtures[0].limits)
    var players: [Player] = []
    defer {
      for player in players { player.store.close() }
    }
    for (number, fixture) in fixtures.enumerated() {
      players.append(try Player(fixture, directory: directory + "/\(number)"))
    }
    for (index, step) in (steps + [.visitAll(rows: nil)]).enumerated() {
      let wanted = step.perform(on: model)
      for number in players.indices {
        let found = players[number].play(step)
        if found != wanted {
          return Divergence(index: index, adapter: players[number].fixture.name, found: found, wanted: wanted)
        }
      }
    }
    return nil
  }

  /// One store that plays along.
  private struct Player {
    let fixture: BackendFixture
    let directory: String
    var store: any KvBackend

    init(_ fixture: BackendFixture, directory: String) throws {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      self.fixture = fixture
      self.directory = directory
      store = try fixture.open(directory, .init())
    }

    mutating func play(_ step: HistoryStep) -> HistoryAnswer {
      guard step == .reopen, fixture.capabilities.persistent else { return step.perform(on: store) }
      store.close()
      do throws(PersistencyError) {
        store = try fixture.open(directory, .init())
        return .done
      } catch {
        return .failed(error.kind)
      }
    }
  }
}
