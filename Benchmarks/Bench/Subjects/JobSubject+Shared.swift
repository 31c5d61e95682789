import CYardsticks
import PersistencyCore

// Puts one by one, as applications make them, from one task or many; and gets beside a writer.

extension JobSubject {
  func burst(_ slice: Slice, _ puts: [SinglePut]) async throws { _ = try await fireAndForget(puts[...], tasks: 1) }

  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) async throws -> Sample {
    try await .timing(slice.count) { try await acknowledge(puts[...], tasks: writers, notes) }
  }

  /// Queues the puts from `tasks` tasks, waiting for none, then waits for all.
  ///
  /// - Returns: Nanoseconds until all were queued.
  func fireAndForget(_ puts: ArraySlice<SinglePut>, tasks: Int) async throws -> UInt64 {
    let job = self.job
    let start = yard_now()
    try await Self.share(puts, among: tasks) { puts in
      for put in puts { try await job.persistPut(category: Settings.category, key: put.key, payload: put.payload) }
    }
    let queued = yard_now() - start
    try await job.flush()
    return queued
  }

  /// Puts from `tasks` tasks, each waiting for the commit of one before it makes the next; notes every put.
  func acknowledge(_ puts: ArraySlice<SinglePut>, tasks: Int, _ notes: Notes) async throws {
    let job = self.job
    let latencies = try await Self.share(puts, among: tasks) { puts in
      var latencies: [UInt64] = []
      latencies.reserveCapacity(puts.count)
      for put in puts {
        let since = yard_now()
        try await job.put(category: Settings.category, key: put.key, payload: put.payload)
        latencies.append(yard_now() - since)
      }
      return latencies
    }
    for nanoseconds in latencies.joined() { notes.note(nanoseconds) }
  }

  func readWhileWriting(
    _ slice: Slice, readers: Int, _ writes: Slice, _ notes: Notes
  ) async throws -> (Tally, Sample) {
    let job = self.job
    let countdown = Countdown(readers)
    let cpu = yard_cpu()
    let parts = try await withThrowingTaskGroup(of: Reading.self) { group in
      for index in 0..<readers {
        group.addTask {
          defer { countdown.countDown() }
          var reading = Reading()
          try await reading.timing { reading in
            for (number, key) in slice.keys.share(index, of: readers).enumerated() {
              let since = isTimed(number) ? yard_now() : 0
              if let payload = try await job.get(category: Settings.category, key: key) {
                reading.tally.take(payload: payload)
              }
              if isTimed(number) { reading.latencies.append(yard_now() - since) }
            }
          }
          return reading
        }
      }
      group.addTask {
        var next = 0
        while countdown.isRunning {
          try await job.apply(writes.batches[next % writes.batches.count])
          next += 1
        }
        return Reading()
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    return Reading.total(parts, ops: slice.count, notes, cpu: yard_cpu() - cpu)
  }

  /// One task does its work where it is called.
  @discardableResult
  private static func share<Part: Sendable>(
    _ puts: ArraySlice<SinglePut>, among tasks: Int,
    _ work: @escaping @Sendable (ArraySlice<SinglePut>) async throws -> Part
  ) async throws -> [Part] {
    if tasks == 1 { return [try await work(puts)] }
    return try await withThrowingTaskGroup(of: Part.self) { group in
      for task in 0..<tasks {
        let part = puts.share(task, of: tasks)
        group.addTask { try await work(part) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}

extension RandomAccessCollection where Index == Int {
  /// The `index`th of `count` parts of about equal length.
  func share(_ index: Int, of count: Int) -> SubSequence {
    self[startIndex + self.count * index / count..<startIndex + self.count * (index + 1) / count]
  }
}
