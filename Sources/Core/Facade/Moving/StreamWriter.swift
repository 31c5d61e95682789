#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Writes a job's rows in ``StreamFormat``.
struct StreamWriter {
  private let sink: ByteSink
  private let headerCheck: UInt64
  private(set) var hash = ContentHash()

  /// Writes the header.
  init(_ sink: ByteSink, _ description: StreamFormat.Description) throws(PersistencyError) {
    self.sink = sink
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(description) else {
      throw PersistencyError(.backend, "cannot describe job “\(description.job)” in JSON")
    }
    var header = StreamFormat.magic
    header.append(bigEndian: StreamFormat.version)
    header.append(bigEndian: UInt32(truncatingIfNeeded: text.count))
    header += text
    headerCheck = header.check()
    header.append(bigEndian: headerCheck)
    try sink.write(header.span.bytes)
  }

  mutating func add(_ chunk: RowChunk) throws(PersistencyError) {
    try writeHead(StreamFormat.rowsTag, rows: chunk.rows, bytes: chunk.byteCount)
    hash.add(chunk)
    try chunk.withBytes { bytes throws(PersistencyError) in try sink.write(RawSpan(_unsafeBytes: bytes)) }
    var check: [UInt8] = []
    check.append(bigEndian: hash.checksum)
    try sink.write(check.span.bytes)
  }

  func finish() throws(PersistencyError) -> ContentDigest {
    try writeHead(StreamFormat.endTag, rows: 0, bytes: StreamFormat.endBytes)
    let digest = hash.digest
    var end: [UInt8] = []
    end.append(bigEndian: UInt64(digest.rows))
    end.append(bigEndian: UInt64(digest.bytes))
    end.append(bigEndian: digest.checksum)
    end.appendCheck(seed: headerCheck ^ digest.checksum)
    try sink.write(end.span.bytes)
    return digest
  }

  private func writeHead(_ tag: [UInt8], rows: Int, bytes: Int) throws(PersistencyError) {
    var head = tag
    head.append(bigEndian: UInt32(truncatingIfNeeded: rows))
    head.append(bigEndian: UInt64(bytes))
    head.appendCheck(seed: headerCheck ^ hash.checksum)
    try sink.write(head.span.bytes)
  }
}
