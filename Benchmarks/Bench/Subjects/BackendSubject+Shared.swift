import CYardsticks
import PersistencyCore

// Many at once. The adapter has no queue: readers and writers are threads, and each commits for itself.

extension BackendSubject {
  func burst(_ slice: Slice, _ puts: [SinglePut]) throws { try put(slice, Notes()) }

  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) throws -> Sample {
    let backend = self.backend
    return try Crew.acknowledge(slice.count, writers: writers, notes) { try backend.applyOps(slice.batches[$0]) }
  }

  func readWhileWriting(_ slice: Slice, readers: Int, _ writes: Slice, _ notes: Notes) throws -> (Tally, Sample) {
    let backend = self.backend
    let countdown = Countdown(readers)
    let cpu = yard_cpu()
    let (parts, _) = try Crew.run(readers + 1) { index in
      var reading = Reading()
      if index == readers {
        var next = 0
        while countdown.isRunning {
          try backend.applyOps(writes.batches[next % writes.batches.count])
          next += 1
        }
        return reading
      }
      defer { countdown.countDown() }
      try reading.timing { reading in
        for (number, key) in slice.keys.share(index, of: readers).enumerated() {
          let since = isTimed(number) ? yard_now() : 0
          if let payload = try backend.getOne(category: Settings.category, key: key) {
            reading.tally.take(payload: payload)
          }
          if isTimed(number) { reading.latencies.append(yard_now() - since) }
        }
      }
      return reading
    }
    return Reading.total(parts, ops: slice.count, notes, cpu: yard_cpu() - cpu)
  }
}
