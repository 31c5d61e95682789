/// Rows that were read at once, from one state: at most 1,000 of them, or 256 KiB.
///
/// One block of memory, whatever the number of rows. ``visit(_:)`` lends its bytes; a row taken out of it owns a copy of its own.
public struct RowPage: Sendable {
  static let mostRows = 1_000
  static let mostBytes = 256 << 10

  @usableFromInline let block: Block
  /// Where each key and each payload ends in the block, in turn.
  @usableFromInline let ends: [UInt32]

  /// How many rows it has.
  @inlinable public var count: Int { ends.count / 2 }

  /// Lends each row's bytes, in the order they were read: no copy, no allocation a row.
  ///
  /// - Parameter body: Gets spans that are valid inside its call only; what it throws ends the visit and is thrown on.
  @inlinable
  public func visit<E: Error>(_ body: (_ key: RawSpan, _ payload: RawSpan) throws(E) -> Visit) throws(E) {
    for index in 0..<count {
      let (key, payload) = unsafe (key(at: index), payload(at: index))
      if try unsafe body(RawSpan(_unsafeBytes: key), RawSpan(_unsafeBytes: payload)) == .stop { return }
    }
  }

  /// The row at `index`, which must be below ``count``, with bytes of its own.
  @inlinable
  public subscript(index: Int) -> KvRow {
    unsafe KvRow(key: Key(KeyStorage(key(at: index))), payload: [UInt8](payload(at: index)))
  }

  @inlinable
  func key(at index: Int) -> UnsafeRawBufferPointer {
    let start = index == 0 ? 0 : ends[index * 2 - 1]
    return unsafe UnsafeRawBufferPointer(rebasing: block.bytes[Int(start)..<Int(ends[index * 2])])
  }

  @inlinable
  func payload(at index: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: block.bytes[Int(ends[index * 2])..<Int(ends[index * 2 + 1])])
  }

  /// The last row's key; nil for a page without rows.
  var lastKey: Key? { count == 0 ? nil : self[count - 1].key }

  /// The memory of a page.
  @usableFromInline
  final class Block: @unchecked Sendable {
    // Sendable: the bytes are written by the one thread that reads the page, before anybody else has it, or after all
    // others let go of it.
    @usableFromInline let bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
      bytes = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit { unsafe bytes.deallocate() }

    /// Copies `span` to `start`; there is room.
    ///
    /// - Returns: Where it ends.
    func append(_ span: RawSpan, at start: Int) -> Int {
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
      unsafe span.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
      return start + span.byteCount
    }
  }
}

extension RowPage {
  static let empty = RowPage(block: Block(capacity: 0), ends: [])

  /// Reads the first rows of a range: at least one if there is any, and whether they are all.
  ///
  /// - Parameter spare: The memory of an earlier page that nobody has any more; used again if it is large enough.
  static func read(
    _ most: Int, category: String, range: KeyRange, reverse: Bool, from backend: any KvBackend, into spare: Block?
  ) throws(PersistencyError) -> (page: RowPage, isLast: Bool) {
    var block = spare ?? empty.block
    var ends: [UInt32] = []
    var used = 0
    var room = 0
    var isLast = true
    try backend.visitRange(category: category, range: range, reverse: reverse) {
      key, payload throws(PersistencyError) in
      let size = key.byteCount + payload.byteCount
      if ends.isEmpty {
        // A row over the bound is a page of its own; few rows are expected to be small.
        room = max(size, min(mostBytes, most * 256))
        if block.bytes.count < room || block.bytes.count > mostBytes { block = Block(capacity: room) }
        ends.reserveCapacity(most * 2)
      } else if ends.count == most * 2 || used + size > room {
        isLast = false
        return .stop
      }
      used = block.append(key, at: used)
      ends.append(UInt32(truncatingIfNeeded: used))
      used = block.append(payload, at: used)
      ends.append(UInt32(truncatingIfNeeded: used))
      return .next
    }
    return (RowPage(block: block, ends: ends), isLast)
  }
}

/// How much a stream reads at once, and where: it begins small, on the caller's thread, and learns from each page.
struct PagePace: Sendable {
  private(set) var rows = 64
  private(set) var isSlow = false

  mutating func note(_ time: Duration) {
    isSlow = time > .milliseconds(1)
    if !isSlow || time < .milliseconds(20) { rows = min(rows * 4, RowPage.mostRows) }
  }
}
