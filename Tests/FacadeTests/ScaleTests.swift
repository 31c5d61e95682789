import Foundation
import PersistencyCore
import TestSupport
import Testing

@Suite("A thousand jobs in one process", .enabled(if: ProcessUse.isKnown))
struct ScaleTests {
  /// What one open job takes that was written and read; the table in the README says so too.
  static let descriptors = ["sqlite": 6, "lmdb": 4, "rocks": 7, "memory": 0]

  /// Descriptors that the runtime's timers may open for themselves meanwhile, once.
  static let ofTheRuntime = 2

  @Test(
    "1,000 open jobs: threads do not grow with them, idle they cost no time, closed they leave nothing",
    arguments: Engine.every)
  func open(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        DescriptorLimit.raise()
        let jobs = try Persistency(rootDirectory: root, engines: [try .named(name)])
        // What is made once, whatever the number of jobs, is there before the count.
        try await use(jobs, 0..<1)
        try await jobs.closeJob("0")
        try await Task.sleep(for: .milliseconds(1))
        let (descriptors, memory) = (ProcessUse.descriptors, ProcessUse.residentBytes)

        try await use(jobs, 0..<1_000)
        let used = Double(ProcessUse.descriptors - descriptors) / 1_000
        let (bytes, threads) = ((ProcessUse.residentBytes - memory) / 1_000, ProcessUse.threads)
        try await Task.sleep(for: .milliseconds(200))
        let busy = ProcessUse.processorTime
        try await Task.sleep(for: .seconds(1))
        let idle = ProcessUse.processorTime - busy
        try await jobs.close()

        print("\(name): \(used) descriptors and \(bytes) bytes a job, \(threads) threads, \(idle) in a second idle")
        // The engine's threads may open something of their own meanwhile.
        #expect(used < Double(Self.descriptors[name] ?? 0) + 0.01)
        // Two pools of at most 64, and a few of the runtime's and of the engine's own.
        #expect(threads < 160)
        #expect(idle < .milliseconds(20))
        #expect(ProcessUse.descriptors <= descriptors + ScaleTests.ofTheRuntime)
        #expect(ProcessUse.mappings(below: root) == 0)
      }
      child?.show()
    }
  }

  @Test(
    "Open, write, close, 1,000 times: descriptors and mappings are as before, and memory does not grow",
    arguments: Engine.every)
  func cycles(_ engine: Engine) async throws {
    try await withFastRoot { root in
      let child = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [root = root as String, name = engine.name as String] in
        let jobs = try Persistency(rootDirectory: root, engines: [try .named(name)])
        func cycle(_ number: Int) async throws {
          let job = try await jobs.openJob("a")
          try await job.put(category: "c", key: Key(number % 100), payload: Array("payload".utf8))
          let isThere = try await job.exists(category: "c", key: Key(number % 100))
          #expect(isThere)
          try await jobs.closeJob("a")
        }
        for number in 0..<100 { try await cycle(number) }
        try await Task.sleep(for: .milliseconds(1))
        let (descriptors, mappings) = (ProcessUse.descriptors, ProcessUse.mappings)
        for number in 100..<600 { try await cycle(number) }
        // What comes once, such as one thread more, is no leak: that goes on.
        var slope = 0.0
        for part in 1...4 where part == 1 || slope >= 1_024 {
          var line = Slope()
          for number in 0..<500 {
            try await cycle(number)
            if number % 10 == 0 {
              ProcessUse.trim()
              line.add(Double(number), Double(ProcessUse.residentBytes))
            }
          }
          slope = line.value
        }
        let grown = ProcessUse.mappings - mappings
        print("\(name): \(Int(slope)) bytes a cycle, \(grown) mappings, \(ProcessUse.threads) threads")
        #expect(ProcessUse.descriptors <= descriptors + ScaleTests.ofTheRuntime)
        #expect(ProcessUse.mappings(below: root) == 0)
        // The allocator's own may come and go; one a cycle would be a thousand.
        #expect(grown < 20)
        #expect(ProcessUse.threads < 160)
        #expect(slope < 1_024)
        try await jobs.close()
      }
      child?.show()
    }
  }
}

/// Opens jobs, several at a time, and has each write and read a row.
private func use(_ jobs: Persistency, _ numbers: Range<Int>) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for number in numbers {
      if number - numbers.lowerBound >= 16 { try await group.next() }
      group.addTask {
        let job = try await jobs.openJob("\(number)")
        try await job.put(category: "c", key: Key(), payload: [1])
        let found = try await job.get(category: "c", key: Key())
        #expect(found == [1])
      }
    }
    try await group.waitForAll()
  }
}

/// The slope of the straight line that fits points best.
private struct Slope {
  private var count = 0.0
  private var (x, y, xx, xy) = (0.0, 0.0, 0.0, 0.0)

  mutating func add(_ x: Double, _ y: Double) {
    count += 1
    self.x += x
    self.y += y
    xx += x * x
    xy += x * y
  }

  var value: Double { (count * xy - x * y) / (count * xx - x * x) }
}
