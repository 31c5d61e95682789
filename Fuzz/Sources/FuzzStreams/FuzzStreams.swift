@testable import PersistencyCore

/// Any bytes are a stream, or an error: never a trap, a hang, or what the stream does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStreams(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  read(bytes)
  // Past the checks only what has the right ones comes; so these bytes are chunks, which get them.
  read(sealed(bytes))
  alter(bytes)
  return 0
}

/// A stream that is taken is taken again, whatever the size of the pieces it comes in.
private func read(_ bytes: [UInt8]) {
  guard let first = try? StreamSummary(reading: .bytes(bytes)) else { return }
  let rest = Locked(bytes[...])
  let piecemeal = ByteSource { buffer throws(PersistencyError) in
    rest.withLock { rest in
      let next = rest.prefix(min(7, buffer.count))
      buffer.copyBytes(from: next)
      rest = rest.dropFirst(next.count)
      return next.count
    }
  }
  let again = try? StreamSummary(reading: piecemeal)
  if again != first { fatalError("read twice, the stream is \(first) and \(String(describing: again))") }
}

/// A stream whose chunks are the input's: of each a byte with its number of rows, one with its length, and so many bytes.
private func sealed(_ input: [UInt8]) -> [UInt8] {
  write { writer in
    var rest = input[...]
    while rest.count > 2, let rows = rest.popFirst(), let length = rest.popFirst() {
      let body = Array(rest.prefix(Int(length)))
      rest = rest.dropFirst(body.count)
      try? writer.add(RowChunk.filled(bytes: body.count, rows: Int(rows)) { $0.copyBytes(from: body) })
    }
  }
}

/// A sound stream of the input's pieces is taken; with one bit of it flipped, or cut, it is not.
private func alter(_ input: [UInt8]) {
  var rows = 0
  let stream = write { writer in
    var rest = input[...]
    while let length = rest.popFirst() {
      let chunk = RowChunk(capacity: 64)
      // Several rows a chunk, as many as fit.
      while let payload = Optional(Array(rest.prefix(Int(length) % 32))),
        chunk.append([UInt8(ascii: "c")].span.bytes, Key(Int64(rows)).bytes.span.bytes, payload.span.bytes)
      {
        rows += 1
        rest = rest.dropFirst(payload.count)
      }
      try? writer.add(chunk)
    }
  }
  guard let summary = try? StreamSummary(reading: .bytes(stream)), summary.digest.rows == rows else {
    fatalError("a sound stream of \(rows) rows was refused")
  }
  let place = input.reduce(stream.count) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
  var flipped = stream
  flipped[place % stream.count] ^= 1 << UInt8(place % 8)
  if (try? StreamSummary(reading: .bytes(flipped))) != nil {
    fatalError("bit \(place % 8) of byte \(place) was flipped")
  }
  let cut = Array(stream[..<(place % stream.count)])
  if (try? StreamSummary(reading: .bytes(cut))) != nil { fatalError("cut at \(cut.count) it was taken") }
}

private func write(_ body: (inout StreamWriter) -> Void) -> [UInt8] {
  let written = Locked<[UInt8]>([])
  let sink = ByteSink { bytes throws(PersistencyError) in written.withLock { $0 += [UInt8](copying: bytes) } }
  let description = StreamFormat.Description(job: "fuzz", engine: "none")
  guard var writer = try? StreamWriter(sink, description) else { return [] }
  body(&writer)
  // Chunks that claim more rows than they can hold have no end that could be written.
  if writer.hash.digest.bytes >= 0 { _ = try? writer.finish() }
  return written.withLock { $0 }
}
