import CYardsticks
import PersistencyCore

// Many at once, on threads. The adapter has no queue: every put is a commit, and a burst comes in batches.

extension BackendSubject {
  func burst(_ slice: Slice, _ puts: [SinglePut]) throws { try put(slice, Notes()) }

  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) throws -> Sample {
    let backend = self.backend
    let cpu = yard_cpu()
    let (latencies, nanoseconds) = try Crew.run(writers) { index in
      try puts.share(index, of: writers).map { put in
        let since = yard_now()
        try backend.applyOps([.put(category: Settings.category, key: put.key, payload: put.payload)])
        return yard_now() - since
      }
    }
    for each in latencies.joined() { notes.note(each) }
    return Sample(ops: puts.count, nanoseconds: nanoseconds, cpu: yard_cpu() - cpu)
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
