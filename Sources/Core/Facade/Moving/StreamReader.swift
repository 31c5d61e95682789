#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads a ``StreamFormat`` stream, and gives only what its checks vouch for.
struct StreamReader {
  private let source: ByteSource
  /// Throws when nobody wants to know any more.
  private let goOn: () throws(PersistencyError) -> Void
  let description: StreamFormat.Description
  private let headerCheck: UInt64
  private(set) var hash = ContentHash()
  private var order = RowOrder()

  /// Reads the header.
  ///
  /// - Throws: `.corrupted` for what is no stream, or was altered; `.unsupported` for a newer version.
  init(
    _ source: ByteSource, _ goOn: @escaping () throws(PersistencyError) -> Void
  ) throws(PersistencyError) {
    self.source = source
    self.goOn = goOn
    let start = StreamFormat.magic.count
    var header = try Self.read(start + 8, from: source, goOn) { "no header" }
    guard header.starts(with: StreamFormat.magic) else {
      throw PersistencyError(.corrupted, "this is no stream that `persistency export` wrote")
    }
    let version = header.bigEndian(UInt32.self, at: start)
    if version > StreamFormat.version {
      throw PersistencyError(
        .unsupported,
        "the stream has version \(version), newer than this library's \(StreamFormat.version); import it with a version of Persistency that knows it"
      )
    }
    let length = Int(header.bigEndian(UInt32.self, at: start + 4))
    guard length <= StreamFormat.mostDescriptionBytes else { throw Self.altered("its header") }
    let rest = try Self.read(length + 8, from: source, goOn) { "no header" }
    header += rest[..<length]
    headerCheck = header.check()
    guard rest.bigEndian(UInt64.self, at: length) == headerCheck, version == StreamFormat.version,
      let description = try? JSONDecoder().decode(StreamFormat.Description.self, from: Data(rest[..<length]))
    else { throw Self.altered("its header") }
    guard description.keyCodec <= JobManifest.currentKeyCodec else {
      throw PersistencyError(
        .unsupported, "the stream has key codec \(description.keyCodec), newer than this library's")
    }
    self.description = description
  }

  /// The next chunk, checked; nil after the end, when that holds what it should and nothing follows.
  ///
  /// - Throws: `.corrupted` for a stream that was cut or altered.
  mutating func next() throws(PersistencyError) -> RowChunk? {
    let head = try read(StreamFormat.headBytes)
    guard head.bigEndian(UInt64.self, at: 16) == Array(head[..<16]).check(seed: seed) else { throw altered }
    let rows = Int(head.bigEndian(UInt32.self, at: 4))
    let bytes = head.bigEndian(UInt64.self, at: 8)
    if head.starts(with: StreamFormat.endTag) {
      guard rows == 0, bytes == UInt64(StreamFormat.endBytes) else { throw altered }
      try checkEnd()
      return nil
    }
    guard head.starts(with: StreamFormat.rowsTag), rows > 0,
      bytes <= UInt64(rows == 1 ? StreamFormat.mostRowBytes : StreamFormat.mostChunkBytes)
    else { throw altered }
    return try chunk(rows: rows, bytes: Int(bytes))
  }

  private mutating func chunk(rows: Int, bytes: Int) throws(PersistencyError) -> RowChunk {
    let chunk = try RowChunk.filled(bytes: bytes, rows: rows) { memory throws(PersistencyError) in
      if try Self.fill(memory, from: source, goOn) < bytes { throw Self.cut(place()) }
    }
    hash.add(chunk)
    guard try read(8).bigEndian(UInt64.self, at: 0) == hash.checksum else { throw altered }
    // The checks do not vouch for what whoever wrote them did wrong.
    let rowsBefore = hash.rows - rows
    do throws(PersistencyError) {
      try order.add(chunk)
    } catch {
      throw PersistencyError(.corrupted, "the stream is malformed after \(rowsBefore) rows: \(error.message)")
    }
    return chunk
  }

  private func checkEnd() throws(PersistencyError) {
    let end = try read(StreamFormat.endBytes + 8)
    let digest = hash.digest
    guard end.bigEndian(UInt64.self, at: 0) == UInt64(digest.rows),
      end.bigEndian(UInt64.self, at: 8) == UInt64(digest.bytes),
      end.bigEndian(UInt64.self, at: 16) == digest.checksum,
      end.bigEndian(UInt64.self, at: 24) == Array(end[..<StreamFormat.endBytes]).check(seed: seed)
    else { throw altered }
    if try Self.readSome(1, from: source, goOn) != [] {
      throw PersistencyError(.corrupted, "something follows the end of the stream; was another appended to it?")
    }
  }

  private var seed: UInt64 { headerCheck ^ hash.checksum }

  // MARK: Bytes

  private func read(_ count: Int) throws(PersistencyError) -> [UInt8] {
    try Self.read(count, from: source, goOn, place)
  }

  private func place() -> String { "\(hash.rows) rows, and no end," }

  private static func read(
    _ count: Int, from source: ByteSource, _ goOn: () throws(PersistencyError) -> Void, _ place: () -> String
  ) throws(PersistencyError) -> [UInt8] {
    let bytes = try readSome(count, from: source, goOn)
    if bytes.count < count { throw cut(place()) }
    return bytes
  }

  /// So many bytes, or fewer at the end.
  private static func readSome(
    _ count: Int, from source: ByteSource, _ goOn: () throws(PersistencyError) -> Void
  ) throws(PersistencyError) -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { memory.deallocate() }
    return Array(memory[..<(try fill(memory, from: source, goOn))])
  }

  /// - Returns: How many bytes came; fewer than asked for at the end.
  private static func fill(
    _ memory: UnsafeMutableRawBufferPointer, from source: ByteSource, _ goOn: () throws(PersistencyError) -> Void
  ) throws(PersistencyError) -> Int {
    var got = 0
    while got < memory.count {
      let more = try source.read(UnsafeMutableRawBufferPointer(rebasing: memory[got...]))
      if more == 0 { break }
      // A source of somebody else's may claim what it likes.
      got += more.map { min(max($0, 0), memory.count - got) } ?? 0
      try goOn()
    }
    return got
  }

  // MARK: Errors

  private static func cut(_ place: String) -> PersistencyError {
    PersistencyError(.corrupted, "the stream was cut short: \(place) came; export the job again")
  }

  private static func altered(_ part: String) -> PersistencyError {
    PersistencyError(.corrupted, "the stream was altered: \(part) does not match its checksum; export the job again")
  }

  private var altered: PersistencyError { Self.altered("what follows row \(hash.rows)") }
}
