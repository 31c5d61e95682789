import PersistencyCore
import Synchronization

extension ConformanceCheck {
  /// P: random histories against the model.
  static let model: [ConformanceCheck] = [
    history(
      "model.points", "Random puts, gets and deletes of single keys read as on a sorted model", "4.2",
      HistoryProfile(calls: [.put, .put, .put, .get, .get, .exists, .delete, .deleteOne])),
    history(
      "model.batches", "Random batches leave what they leave on a sorted model", "4.3",
      HistoryProfile(
        calls: [.batch, .batch, .batch, .get, .scan], ops: [.put, .put, .put, .delete, .deleteRange], batch: 12)),
    history(
      "model.conditions", "Random batches with expects fail and hold as on a sorted model", "4.4",
      HistoryProfile(
        calls: [.batch, .batch, .batch, .put, .get, .deleteOne],
        ops: [.put, .put, .put, .delete, .expectAbsent, .expectAbsent, .expectPayload], batch: 5)),
    history(
      "model.groups", "Random groups give each batch the outcome that it has on a sorted model", "4.5",
      HistoryProfile(
        calls: [.group, .group, .group, .get, .scan],
        ops: [.put, .put, .put, .delete, .deleteRange, .expectAbsent, .expectPayload], batch: 4)),
    history(
      "model.ranges", "Random ranges, directions and limits give the rows of a sorted model", "4.6",
      HistoryProfile(calls: [.put, .put, .put, .put, .delete, .scan, .scan, .scan, .scan, .count])),
    history(
      "model.delete-ranges", "Random delete-ranges remove what they remove on a sorted model", "4.3",
      HistoryProfile(
        calls: [.put, .put, .put, .put, .put, .batch, .deleteRange, .scan, .count], ops: [.put, .put, .deleteRange])),
    history(
      "model.visits", "Random visits, stopped early or not, lend the rows of a sorted model", "4.1",
      HistoryProfile(
        calls: [.put, .put, .put, .delete, .visit, .visit, .visitAll, .categories], manyCategories: true)),
    history(
      "model.categories", "Random calls in hostile categories stay in theirs", "4.1",
      HistoryProfile(
        calls: [.put, .put, .batch, .deleteRange, .scan, .count, .visitAll, .categories], manyCategories: true)),
    history(
      "model.long-keys", "Random calls with keys of hundreds of bytes that share most of them match a sorted model",
      "4.1",
      HistoryProfile(
        calls: [.put, .put, .put, .batch, .delete, .deleteRange, .deleteOne, .get, .scan, .scan, .count, .visitAll],
        ops: [.put, .put, .delete, .deleteRange], longKeys: true)),
    history(
      "model.limits", "Random calls with arguments over a limit are refused as on a sorted model", "4.10",
      HistoryProfile(
        calls: [.put, .delete, .batch, .group, .get, .exists, .deleteOne, .scan, .count, .visit, .deleteRange],
        ops: [.put, .put, .delete, .deleteRange, .expectAbsent], oversized: true)),
    history(
      "model.everything", "Random histories of all calls match a sorted model", "4", .everything, steps: 300),
    history(
      "model.reopen", "Random histories with reopens match a sorted model", "4.13",
      HistoryProfile(
        calls: [.put, .put, .put, .batch, .group, .delete, .deleteRange, .deleteOne, .scan, .visitAll, .reopen],
        ops: [.put, .put, .delete, .deleteRange, .expectAbsent], longKeys: false),
      steps: 120
    ) { $0.capabilities.persistent ? nil : "its rows do not outlive a close" },
    history(
      "model.crash",
      "Random histories with kills, after which a copy of the files is gone on with, match a sorted model",
      "4.13",
      HistoryProfile(
        calls: [.put, .put, .put, .batch, .group, .delete, .deleteRange, .scan, .reopen, .crash, .crash],
        ops: [.put, .put, .delete, .deleteRange, .expectAbsent], longKeyPercent: 30),
      steps: 100
    ) {
      if $0.capabilities.remote { return "its files are another machine's" }
      return $0.capabilities.persistent ? nil : "its rows do not outlive a close"
    },
    history(
      "model.copy", "Random histories that go on with an import of all rows match a sorted model", "4.1",
      HistoryProfile(
        calls: [.put, .put, .put, .batch, .delete, .deleteRange, .scan, .categories, .copy],
        ops: [.put, .put, .delete, .deleteRange], longKeyPercent: 30, manyCategories: true),
      steps: 100),
    history(
      "model.fault",
      "Random histories in which system calls fail are gone on with after a reopen, and match a sorted model", "4.13",
      HistoryProfile(
        calls: [.put, .put, .batch, .group, .deleteRange, .scan, .reopen, .faulty, .faulty, .faulty],
        ops: [.put, .put, .put, .delete, .deleteRange, .expectPayload], longKeyPercent: 30),
      steps: 100
    ) {
      if !$0.capabilities.persistent { return "not persistent: it makes no system calls that could fail" }
      return $0.faults == nil ? "the fixture has nothing that makes system calls fail" : nil
    },
  ]

  /// Three histories, from the seed and its neighbours.
  private static func history(
    _ id: String, _ rule: String, _ paragraph: String, _ profile: HistoryProfile, steps: Int = 200,
    unless exemption: @escaping @Sendable (BackendFixture) -> String? = { _ in nil }
  ) -> ConformanceCheck {
    ConformanceCheck(id, rule, paragraph: paragraph, tier: .model, unless: exemption) { check in
      for offset in 0..<3 as Range<UInt64> {
        try DifferentialRun.run(
          fixtures: [check.fixture], seed: check.seed &+ offset, steps: steps, profile: profile, check: id, rule: rule)
        check.expectations.add(steps, ordering: .relaxed)
      }
    }
  }
}
