/// Batches in commit order, in the form that the engine takes, with what each counts and who waits for it.
///
/// A batch that nobody waits for is nothing but an element of two arrays: queueing it costs no object, and what is
/// queued becomes the next group without being copied.
struct QueuedBatches: Sendable {
  private struct Place {
    let bytes: Int
    /// Nil for a batch that nobody waits for.
    var write: QueuedWrite?
  }

  /// What the engine is given; empty in the place of a write that is not a batch, or was withdrawn.
  private(set) var batches: [[TxOp]] = []
  private var places: [Place] = []
  private(set) var bytes = 0
  /// Whether one of them asked for `.full`.
  private(set) var sync = false
  /// Whether one of them is something else than a batch, and the group has to be put together step by step.
  private(set) var isMixed = false
  /// Whether somebody waits for one of them.
  private(set) var isAwaited = false

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  mutating func append(_ ops: [TxOp], bytes: Int) {
    batches.append(ops)
    places.append(Place(bytes: bytes, write: nil))
    self.bytes += bytes
  }

  mutating func append(_ write: QueuedWrite) {
    guard case .batch(let ops) = write.work else {
      batches.append([])
      places.append(Place(bytes: write.bytes, write: write))
      (isMixed, isAwaited) = (true, true)
      bytes += write.bytes
      sync = sync || write.sync
      return
    }
    batches.append(ops)
    let isAwaited = write.awaiting == .commit
    places.append(Place(bytes: write.bytes, write: isAwaited ? write : nil))
    self.isAwaited = self.isAwaited || isAwaited
    bytes += write.bytes
    sync = sync || write.sync
  }

  /// Who waits for the batch at `index`, or what it is instead of a batch; nil for a batch that nobody waits for.
  func write(at index: Int) -> QueuedWrite? { places[index].write }

  /// Leaves nothing to do in the place of a write that was withdrawn; the place stays, so that numbers stay without a gap.
  mutating func withdraw(at index: Int) {
    batches[index] = []
    places[index].write = nil
  }

  /// Lets go of the batches, which are committed; what each counted and who waits for it stays.
  mutating func forgetBatches() { batches = [] }

  /// Takes the first of them: all up to `most` bytes, but at least one.
  mutating func take(upTo most: Int) -> QueuedBatches {
    if bytes <= most || count == 1 {
      defer { self = QueuedBatches() }
      return self
    }
    var end = 1
    var taken = places[0].bytes
    while end < count, taken + places[end].bytes <= most {
      taken += places[end].bytes
      end += 1
    }
    var first = QueuedBatches()
    first.batches = Array(batches[..<end])
    first.places = Array(places[..<end])
    first.bytes = taken
    // Of the whole queue: a group that is raised to `.full`, or put together step by step, without need is still right.
    first.sync = sync
    first.isMixed = isMixed
    first.isAwaited = isAwaited
    batches.removeFirst(end)
    places.removeFirst(end)
    bytes -= taken
    return first
  }
}
