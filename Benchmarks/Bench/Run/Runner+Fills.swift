import CYardsticks
import Foundation

// Passes into empty stores.

extension Runner {
  mutating func fill(_ pass: Pass, _ course: inout Course) async throws {
    let (order, data) = (course.order, data)
    let inOrder = pass.workload == .fillseq || pass.workload == .fillbatch
    let rows: (Int) -> Int = { inOrder ? $0 : order[$0] }
    // What has no queue is given a burst in batches.
    let batch = pass.workload == .burst ? 1000 : pass.batch
    let done = try await take(
      pass, course, total: Extent.written(pass, of: data.rows),
      { range in .put(range.map(rows), batch: batch, data) },
      turn: Self.filling(pass.workload))
    for index in 0..<done { _ = course.content.put(rows(index)) }
    try await prove(pass, course)
  }

  private static func filling(_ workload: Workload) -> Turn {
    { stand, slice, notes in
      guard workload.isShared, let shared = stand.subject as? any SharedSubject else {
        return (try await .timing(slice.count) { try await stand.subject.put(slice, notes) }, nil)
      }
      let puts = slice.puts
      if let writers = workload.writers {
        return (try await shared.acknowledge(slice, puts, writers: writers, notes), nil)
      }
      return (try await .timing(slice.count) { try await shared.burst(slice, puts) }, nil)
    }
  }

  // MARK: The store that is read

  /// Loads all rows in random order, a thousand a commit, one layer after the other, and notes what that took of the disk.
  mutating func load(_ course: inout Course) async throws {
    try await refresh(&course)
    progress.show("round \(course.round + 1) of \(settings.rounds): \(course.engine.rawValue) loading")
    let (order, data) = (course.order, data)
    let records = (0..<data.rows).lazy.map { order[$0] }
    let sorted = settings.loadsInOrder ? records.sorted() : []
    for stand in course.stands {
      let written = DiskUse.bytesWritten
      let notes = Notes()
      for start in stride(from: 0, to: data.rows, by: 10_000) {
        let range = start..<min(start + 10_000, data.rows)
        let rows = sorted.isEmpty ? Array(records[range]) : Array(sorted[range])
        try await stand.subject.put(.put(rows, batch: 1000, data), notes)
        notes.drain { _ in }
      }
      settle()
      if course.round == 0 {
        note(course.engine, stand.layer) {
          $0.rows = data.rows
          $0.payloadBytes = data.rows * (data.keySize + data.payloadSize)
          $0.bytesOnDisk = DiskUse.bytes(in: stand.folder)
          $0.bytesWritten = DiskUse.bytesWritten - written
        }
      }
    }
    for record in 0..<data.rows { _ = course.content.put(order[record]) }
    course.records = data.rows
    try await prove(Pass(workload: .fillrandom, batch: 1000), course)
  }

  /// Waits until the engines' own threads have calmed down, ten seconds at most.
  func settle() {
    for _ in 0..<500 {
      let before = yard_cpu()
      Thread.sleep(forTimeInterval: 0.02)
      if yard_cpu() - before < 1_000_000 { return }
    }
  }
}
