import CYardsticks
import PersistencyCore

/// One put, ready to be handed over.
struct SinglePut: Sendable {
  let key: Key
  let payload: [UInt8]
}

// Puts one by one, as applications make them, from one task or many.

extension JobSubject {
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
      var parts: [Part] = []
      for try await part in group { parts.append(part) }
      return parts
    }
  }
}

extension ArraySlice {
  /// The `index`th of `count` parts of about equal length.
  func share(_ index: Int, of count: Int) -> ArraySlice {
    self[startIndex + self.count * index / count..<startIndex + self.count * (index + 1) / count]
  }
}
