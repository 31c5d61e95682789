import CYardsticks
import PersistencyCore

/// A store under test, behind one layer.
///
/// Every layer does the same work beside the calls: it sums what it reads, and notes the time of the same calls.
public protocol Subject {
  func put(_ slice: Slice, _ notes: Notes) async throws
  func delete(_ slice: Slice, _ notes: Notes) async throws
  func deleteRanges(_ slice: Slice, _ notes: Notes) async throws
  func get(_ slice: Slice, _ notes: Notes) async throws -> Tally
  func visit(reverse: Bool, _ notes: Notes) async throws -> Tally
  func seek(_ slice: Slice, _ notes: Notes) async throws -> Tally
  func count(_ slice: Slice, _ notes: Notes) async throws -> Tally
  func mix(_ slice: Slice, _ notes: Notes) async throws -> Tally
  /// The hash of all that the store holds; not measured.
  func proof() async throws -> Tally
  func close() async throws
}

/// A store that many threads, or tasks, use at once.
protocol SharedSubject: Subject {
  /// Single puts that nobody waits for, until the last is committed.
  func burst(_ slice: Slice, _ puts: [SinglePut]) async throws
  /// Single puts from `writers` at once, each waiting for its commits; without a queue, threads that commit each put. Notes every wait.
  func acknowledge(_ slice: Slice, _ puts: [SinglePut], writers: Int, _ notes: Notes) async throws -> Sample
  /// The gets of `slice` shared among `readers`, while one more does the puts of `writes`, one a commit, over and over.
  ///
  /// - Returns: What was read, and how long the gets took.
  func readWhileWriting(
    _ slice: Slice, readers: Int, _ writes: Slice, _ notes: Notes
  ) async throws -> (Tally, Sample)
}

extension Subject {
  func run(_ workload: Workload, _ slice: Slice, _ notes: Notes) async throws -> Tally? {
    switch workload {
    case .deleterandom: try await delete(slice, notes)
    case .deleterange: try await deleteRanges(slice, notes)
    case .readrandom, .readmissing, .readhot, .readafterdelete: return try await get(slice, notes)
    case .readseq: return try await visit(reverse: false, notes)
    case .readreverse: return try await visit(reverse: true, notes)
    case .seekrandom, .seekrandom10, .seekafterdelete: return try await seek(slice, notes)
    case .count: return try await count(slice, notes)
    case .ycsbA, .ycsbB, .ycsbC, .ycsbD, .ycsbE, .ycsbF: return try await mix(slice, notes)
    default: try await put(slice, notes)
    }
    return nil
  }
}

/// How long single calls took: room for one slice, filled while the clock runs, emptied when it stands.
public final class Notes {
  var latencies: yard_latencies
  private let room: UnsafeMutableBufferPointer<UInt64>

  init(capacity: Int = 1 << 16) {
    room = .allocate(capacity: capacity)
    room.initialize(repeating: 0)
    latencies = yard_latencies(nanoseconds: room.baseAddress, capacity: capacity, count: 0)
  }

  deinit { room.deallocate() }

  public func note(_ nanoseconds: UInt64) { yard_note(&latencies, nanoseconds) }

  func drain(_ body: (UInt64) -> Void) {
    for nanoseconds in room.prefix(latencies.count) { body(nanoseconds) }
    latencies.count = 0
  }
}

/// What a loop saw; equal to what it should have seen, or the run fails.
public struct Tally: Equatable, Sendable {
  public internal(set) var rows: UInt64 = 0
  var checksum: UInt64 = 0

  public init() {}

  init(rows: UInt64, checksum: UInt64 = 0) {
    self.rows = rows
    self.checksum = checksum
  }

  static func += (total: inout Tally, part: Tally) {
    total.rows += part.rows
    total.checksum &+= part.checksum
  }
}

// MARK: What the Swift layers do beside the calls

extension Tally {
  @inline(__always)
  mutating func take(payload: [UInt8]) {
    payload.withUnsafeBytes { take(payload: $0) }
  }

  /// Takes a payload that was asked for.
  public mutating func take(payload: UnsafeRawBufferPointer) {
    rows &+= 1
    checksum &+= yard_payload_sum(payload.baseAddress, payload.count)
  }

  /// Takes a row of a scan or visit.
  public mutating func take(key: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) {
    rows &+= 1
    checksum &+= yard_row_sum(key.baseAddress, key.count, payload.baseAddress, payload.count)
  }

  /// Takes a row of a proof, in key order.
  public mutating func prove(key: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) {
    rows &+= 1
    checksum = yard_hash(checksum, key.baseAddress, key.count)
    checksum = yard_hash(checksum, payload.baseAddress, payload.count)
  }

  /// Takes rows that were counted only.
  public mutating func take(count: Int) { rows += UInt64(count) }

  @inline(__always)
  mutating func take(_ key: RawSpan, _ payload: RawSpan) {
    rows &+= 1
    checksum &+= key.withUnsafeBytes { key in
      payload.withUnsafeBytes { yard_row_sum(key.baseAddress, key.count, $0.baseAddress, $0.count) }
    }
  }

  /// Takes the rows of a scan, in the span, so that none is copied out of its array.
  @inline(__always)
  mutating func take(_ rows: [KvRow]) {
    let rows = rows.span
    for index in rows.indices { take(rows[index]) }
  }

  @inline(__always)
  mutating func take(_ row: borrowing KvRow) {
    rows &+= 1
    checksum &+= row.key.withUnsafeBytes { key in
      row.payload.withUnsafeBytes { yard_row_sum(key.baseAddress, key.count, $0.baseAddress, $0.count) }
    }
  }

  mutating func prove(_ key: RawSpan, _ payload: RawSpan) {
    rows &+= 1
    checksum = key.withUnsafeBytes { yard_hash(checksum, $0.baseAddress, $0.count) }
    checksum = payload.withUnsafeBytes { yard_hash(checksum, $0.baseAddress, $0.count) }
  }
}

/// Nanoseconds of a clock that only goes forward.
public func monotonicNanoseconds() -> UInt64 { yard_now() }

/// Whether the `index`th call of a read loop is timed.
public func isTimed(_ index: Int) -> Bool { index % Int(YARD_STRIDE) == 0 }

/// Notes the mean time per row after each block of rows.
struct Pace {
  private var since = yard_now()

  @inline(__always)
  mutating func row(_ rows: UInt64, _ notes: Notes) {
    let block = UInt64(YARD_BLOCK)
    if rows % block == 0 {
      let now = yard_now()
      notes.note((now - since) / block)
      since = now
    }
  }
}
