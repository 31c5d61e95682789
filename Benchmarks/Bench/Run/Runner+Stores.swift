import CYardsticks
import Foundation
import PersistencyCore

// Stores as a whole: made, opened again, and a thousand of them at once.

extension Runner {
  /// New stores, made and closed.
  mutating func openNew(_ course: Course) async throws {
    let settings = self.settings
    let (engine, path) = (course.engine, workspace.path)
    let entrants = engine.layers(of: settings).map { layer in
      Race<Range<Int>>.Entrant(name: layer.rawValue) { numbers, notes in
        var total = Sample()
        for number in numbers {
          let folder = "\(path)/new-\(layer.rawValue)-\(number)"
          let sample = try await Sample.timing(1) {
            try await Stand.open(layer, on: engine, in: folder, settings).subject.close()
          }
          notes.note(UInt64(sample.seconds * 1e9))
          total += sample
          try FileManager.default.removeItem(atPath: folder)
        }
        return total
      }
    }
    progress.show("round \(course.round + 1) of \(settings.rounds): \(engine.rawValue) open")
    _ = try await race(
      entrants, Pass(workload: .open, batch: 1), course, total: settings.quick ? 6 : 30, each: 2, { $0 })
  }

  /// The loaded stores, opened again until the first row is read; and what memory each layer takes to read everything.
  mutating func reopen(_ pass: Pass, _ course: inout Course) async throws {
    // Nothing to open again: a memory store is gone when it is closed.
    guard course.engine != .memory else { return }
    let (settings, data, engine, content) = (self.settings, data, course.engine, course.content)
    let row = course.order[course.record(0)]
    let slice = Slice.get([row], data, content)
    var stands = course.stands
    let entrants = stands.indices.map { index in
      Race<Int>.Entrant(name: stands[index].layer.rawValue) { _, notes in
        let (layer, folder) = (stands[index].layer, stands[index].folder)
        try await stands[index].subject.close()
        var seen = Tally()
        let sample = try await Sample.timing(1) {
          stands[index] = try await .open(layer, on: engine, in: folder, settings)
          seen = try await stands[index].subject.get(slice, Notes())
        }
        notes.note(UInt64(sample.seconds * 1e9))
        guard seen == slice.expected else {
          throw Complaint("\(engine.rawValue) \(layer.rawValue) reopen: wrong result")
        }
        return sample
      }
    }
    progress.show("round \(course.round + 1) of \(settings.rounds): \(engine.rawValue) reopen")
    _ = try await race(entrants, pass, course, total: settings.quick ? 3 : 10, each: 1, \.count)
    course.stands = stands
    if course.round == 0 { try await weigh(&course) }
  }

  /// Anonymous memory of each layer's store, opened anew, all others closed, after every row was read.
  private mutating func weigh(_ course: inout Course) async throws {
    for stand in course.stands { try await stand.subject.close() }
    let everything = course.content.everything(in: data)
    for index in course.stands.indices {
      let (layer, folder) = (course.stands[index].layer, course.stands[index].folder)
      Memory.giveBack()
      let before = Memory.anonymousBytes
      course.stands[index] = try await .open(layer, on: course.engine, in: folder, settings)
      guard try await course.stands[index].subject.visit(reverse: false, Notes()) == everything else {
        throw Complaint("\(course.engine.rawValue) \(layer.rawValue) reopened: wrong result")
      }
      let grown = max(0, Memory.anonymousBytes - before)
      try await course.stands[index].subject.close()
      note(course.engine, layer) { $0.anonymousBytes = grown }
    }
    for index in course.stands.indices {
      let (layer, folder) = (course.stands[index].layer, course.stands[index].folder)
      course.stands[index] = try await .open(layer, on: course.engine, in: folder, settings)
    }
  }

  /// As many stores as a busy server has tenants, all open at once.
  mutating func openMany(_ course: Course) async throws {
    let pass = Pass(workload: .manyjobs, batch: 1)
    let (settings, data, engine) = (self.settings, data, course.engine)
    let count = Descriptors.affordable(settings.manyJobs)
    var content = Content(data)
    _ = content.put(0)
    let (put, get) = (Slice.put([0], batch: 1, data), Slice.get([0], data, content))
    for layer in engine.layers(of: settings) {
      progress.show("\(engine.rawValue) \(layer.rawValue): \(count) jobs")
      Memory.giveBack()
      let (memory, descriptors) = (Memory.anonymousBytes, DiskUse.descriptors)
      let folder = "\(workspace.path)/many-\(layer.rawValue)"
      let tenants = Tenants(layer, on: engine, in: folder, settings)
      let entrant = Race<Range<Int>>.Entrant(name: layer.rawValue) { numbers, notes in
        try await .timing(numbers.count) {
          for number in numbers {
            let since = yard_now()
            let subject = try await tenants.open(number)
            try await subject.put(put, Notes(capacity: 1))
            guard try await subject.get(get, Notes(capacity: 1)) == get.expected else {
              throw Complaint("\(engine.rawValue) \(layer.rawValue) manyjobs: wrong result")
            }
            notes.note(yard_now() - since)
          }
        }
      }
      _ = try await race([entrant], pass, course, total: count, each: 10, seconds: .infinity, { $0 })
      let (grown, opened) = (Memory.anonymousBytes - memory, DiskUse.descriptors - descriptors)
      note(engine, layer) {
        $0.jobs = count
        $0.bytesPerJob = max(0, grown / count)
        $0.descriptorsPerJob = Double(opened) / Double(count)
      }
      try await tenants.close()
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  /// Adds to what is known of a layer's stores.
  mutating func note(_ engine: EngineChoice, _ layer: Layer, _ add: (inout StoreFacts) -> Void) {
    let known = stores.firstIndex { $0.engine == engine.rawValue && $0.layer == layer.rawValue }
    let index = known ?? stores.count
    if known == nil { stores.append(StoreFacts(engine: engine.rawValue, layer: layer.rawValue)) }
    add(&stores[index])
  }
}
