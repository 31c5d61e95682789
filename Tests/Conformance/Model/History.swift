import PersistencyCore

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
  /// - Parameters:
  ///   - fixtures: Whose stores play.
  ///   - directory: Exists, or is made; each store gets a folder of its own in it.
  ///   - tally: Gets what happened to the stores.
  /// - Throws: what the first opening of a store throws.
  func replay(
    on fixtures: [BackendFixture], in directory: String, _ tally: inout HistoryTally
  ) throws -> Divergence? {
    let model = ReferenceBackend(limits: fixtures[0].limits)
    var players: [HistoryPlayer] = []
    defer {
      for player in players { player.store.close() }
    }
    for (number, fixture) in fixtures.enumerated() {
      players.append(try HistoryPlayer(fixture, directory: directory + "/\(number)"))
    }
    tally.histories += 1
    for (index, step) in (steps + [.visitAll(rows: nil)]).enumerated() {
      tally.calls += 1
      let wanted = step.perform(on: model)
      for number in players.indices {
        let found = players[number].play(step, &tally)
        if found != wanted {
          return Divergence(index: index, adapter: players[number].fixture.name, found: found, wanted: wanted)
        }
      }
    }
    return nil
  }
}
