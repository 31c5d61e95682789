import CoreMetrics
import Foundation
import MetricsTestKit
import PersistencyCore
import PersistencyMemory
import Testing

// A metrics backend is installed once in a process: each test has a process of its own.
@Suite("What metrics are told")
struct MetricsTests {
  @Test("Commits, batches, failures and dropped writes are counted, by engine, and apart for a job with a label")
  func commits() async throws {
    let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      let metrics = TestMetrics()
      MetricsSystem.bootstrap(metrics)
      let jobs = try Persistency(rootDirectory: "/nowhere", engines: [.memory])
      let plain = try await jobs.openJob("plain")
      let labelled = try await jobs.openJob("labelled", options: .init(metricsLabel: "hot"))
      for number in 0..<100 { try await plain.persistPut(category: "c", key: Key(number), payload: []) }
      try await plain.flush()
      try await labelled.put(category: "c", key: Key(), payload: [])
      let isStored = try await labelled.putIfAbsent(category: "c", key: Key(), payload: [])
      #expect(!isStored)
      let isQueued = try await jobs.persistPut("none", category: "c", key: Key(), payload: [])
      #expect(!isQueued)

      let engine = [("engine", "memory")]
      let hot = engine + [("job", "hot")]
      #expect(try metrics.expectGauge("persistency.jobs.open", engine).values.last == 1)
      #expect(try metrics.expectGauge("persistency.jobs.open", hot).values.last == 1)
      let batches = try metrics.expectRecorder("persistency.commit.batches", engine).values
      #expect(batches.reduce(0, +) == 100)
      let durations = try metrics.expectTimer("persistency.commit.duration", engine).values
      #expect(durations.count == batches.count && durations.allSatisfy { $0 > 0 && $0 < 60_000_000_000 })
      #expect(try metrics.expectRecorder("persistency.commit.batches", hot).values == [1, 1])
      let failures = try metrics.expectCounter("persistency.commit.failures", hot + [("kind", "conflict")])
      #expect(failures.totalValue == 1)
      #expect(try metrics.expectCounter("persistency.writes.dropped").totalValue == 1)
      #expect(metrics.counters.count == 2)

      try await jobs.close()
      #expect(try metrics.expectGauge("persistency.jobs.open", engine).values.last == 0)
      #expect(try metrics.expectGauge("persistency.jobs.open", hot).values.last == 0)
      // For the parent, which knows where the README is.
      let all = metrics.counters.map(\.label) + metrics.timers.map(\.label) + metrics.recorders.map(\.label)
      print(Set(all).sorted().joined(separator: "\n"))
    }
    let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../README.md").standardizedFileURL
    let text = try String(contentsOf: readme, encoding: .utf8)
    let names = String(decoding: child?.standardOutputContent ?? [], as: UTF8.self).split(separator: "\n")
    #expect(names.count == 7)
    for name in names { #expect(text.contains("| `\(name)` |"), "the README's table does not know it") }
  }

  @Test("The gauges of the queues show what is held up behind a commit that hangs, and nothing when it is over")
  func queues() async throws {
    await #expect(processExitsWith: .success) {
      let metrics = TestMetrics()
      MetricsSystem.bootstrap(metrics)
      let slow = try GatedBackend()
      let jobs = try Persistency(rootDirectory: "/nowhere", engines: [slow.engine])
      let job = try await jobs.openJob("a")
      slow.hold()
      for number in 0..<10 { try await job.persistPut(category: "c", key: Key(number), payload: [0]) }
      let engine = [("engine", "gated")]
      func last(_ name: String) -> Double { (try? metrics.expectGauge(name, engine))?.values.last ?? -1 }
      while last("persistency.queue.batches") != 10 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(last("persistency.queue.bytes") >= 100)
      slow.letGo()
      try await job.flush()
      while last("persistency.queue.batches") != 0 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(last("persistency.queue.bytes") == 0)
      // Again: whatever sampled them has ended meanwhile, or goes on.
      slow.hold()
      try await job.persistPut(category: "c", key: Key(), payload: [])
      while last("persistency.queue.batches") != 1 { try await Task.sleep(for: .milliseconds(5)) }
      slow.letGo()
      try await jobs.close()
      #expect(last("persistency.queue.batches") == 0 && last("persistency.jobs.open") == 0)
    }
  }

  @Test("A job that is let go without being closed is no longer counted")
  func letGo() async throws {
    await #expect(processExitsWith: .success) {
      let metrics = TestMetrics()
      MetricsSystem.bootstrap(metrics)
      var jobs: Persistency? = try Persistency(rootDirectory: "/nowhere", engines: [.memory])
      _ = try await jobs?.openJob("a")
      let open = try metrics.expectGauge("persistency.jobs.open", [("engine", "memory")])
      #expect(open.values.last == 1)
      jobs = nil
      while open.values.last != 0 { try await Task.sleep(for: .milliseconds(5)) }
    }
  }
}
