import Foundation
import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencyRocksDB
import PersistencySQLite
import TestSupport
import Testing

@Suite("Exports and imports of jobs")
struct StreamTests {
  /// The stream of a job.
  private func export(_ jobs: Persistency, _ id: String) async throws -> ([UInt8], ContentDigest) {
    let written = Locked<[UInt8]>([])
    let digest = try await jobs.exportJob(
      id, to: ByteSink { bytes throws(PersistencyError) in written.withLock { $0 += [UInt8](copying: bytes) } })
    return (written.withLock { $0 }, digest)
  }

  @Test(
    "an import holds what the exported job holds, on every pair of engines", arguments: EnginePair.all(Engine.every))
  func everyPair(_ pair: EnginePair) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await jobs.makeHostileJob("a", on: pair.from)
      let (stream, digest) = try await export(jobs, "a")
      #expect(try await jobs.importJob("b", on: pair.to, from: .bytes(stream)) == digest)
      #expect(try await jobs.digestJob("b") == digest)
      #expect(try await jobs.digestJob("a") == digest)
      // The stream is the same, whatever the engine.
      let (again, _) = try await export(jobs, "b")
      #expect(again.suffix(32 + 24) != stream.suffix(32 + 24))
      #expect(try StreamSummary(reading: .bytes(again)).digest == digest)
      #expect(try StreamSummary(reading: .bytes(stream)).job == "a")
      #expect(try StreamSummary(reading: .bytes(stream)).engine == pair.from.name)
      try await jobs.close()
    }
  }

  @Test("pieces of any size come through a descriptor")
  func descriptor() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.sqlite, .lmdb])
      try await jobs.makeHostileJob("a", on: .sqlite)
      let pipe = Pipe()
      async let exported = jobs.exportJob("a", to: .descriptor(pipe.fileHandleForWriting.fileDescriptor))
      async let imported = jobs.importJob("b", on: .lmdb, from: .descriptor(pipe.fileHandleForReading.fileDescriptor))
      let digest = try await exported
      try pipe.fileHandleForWriting.close()
      #expect(try await imported == digest)
      try await jobs.close()
    }
  }

  @Test("an existing job is no target, before a byte is read", arguments: Engine.stored)
  func existing(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine])
      try await jobs.makeHostileJob("a", on: engine)
      let unread = ByteSource { _ throws(PersistencyError) in
        Issue.record("it was read")
        return 0
      }
      #expect(await kind { try await jobs.importJob("a", from: unread) } == .conflict)
      try await jobs.closeJob("a")
      #expect(await kind { try await jobs.importJob("a", from: unread) } == .conflict)
      #expect(try await jobs.digestJob("a").rows == 1_521)
      try await jobs.close()
    }
  }

  /// A job of few rows, each large enough for a chunk of its own.
  private func makeLargeRows(_ jobs: Persistency) async throws {
    let job = try await jobs.openJob("a", engine: .memory)
    for number in 0..<3 {
      let payload = [UInt8](repeating: UInt8(number), count: 140_000)
      try await job.put(category: "c", key: Key(Int64(number)), payload: payload)
    }
  }

  /// Where the parts of a stream end, the stream itself excluded, by its own lengths.
  private func boundaries(_ stream: [UInt8]) -> [Int] {
    func number(_ at: Int, _ count: Int) -> Int { stream[at..<(at + count)].reduce(0) { $0 << 8 | Int($1) } }
    var ends = [8, 12, 16, 16 + number(12, 4)]
    ends.append(16 + number(12, 4) + 8)
    while let last = ends.last, last < stream.count {
      let body = last + 24 + number(last + 8, 8)
      ends += [last + 4, last + 8, last + 16, last + 24, body, body + 8]
    }
    return [0] + ends.dropLast()
  }

  @Test(
    "a stream that is cut at any boundary, or a byte beside it, is refused and leaves nothing", arguments: Engine.every)
  func truncated(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await makeLargeRows(jobs)
      let (stream, _) = try await export(jobs, "a")
      for boundary in boundaries(stream) {
        for cut in Set([boundary - 1, boundary, boundary + 1]) where (0..<stream.count).contains(cut) {
          let part = Array(stream[..<cut])
          #expect(await kind { _ = try StreamSummary(reading: .bytes(part)) } == .corrupted, "cut at \(cut)")
          if cut == boundary {
            #expect(
              await kind { try await jobs.importJob("b", on: engine, from: .bytes(part)) } == .corrupted,
              "cut at \(cut)")
            #expect(try names(in: root) == [] && !jobs.hasJob("b"))
          }
        }
      }
      try await jobs.importJob("b", on: engine, from: .bytes(stream))
      try await jobs.close()
    }
  }

  @Test("a stream with any bit flipped at any boundary is refused and leaves nothing", arguments: Engine.every)
  func flipped(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: Engine.every)
      try await makeLargeRows(jobs)
      let (stream, _) = try await export(jobs, "a")
      for boundary in boundaries(stream) + [stream.count] {
        for at in Set([boundary - 1, boundary, boundary + 1]) where stream.indices.contains(at) {
          for bit in [0, 3, 7] {
            var altered = stream
            altered[at] ^= 1 << bit
            let found = await kind { _ = try StreamSummary(reading: .bytes(altered)) }
            #expect(found == .corrupted || found == .unsupported, "bit \(bit) of byte \(at)")
          }
        }
        guard stream.indices.contains(boundary) else { continue }
        var altered = stream
        altered[boundary] ^= 0x10
        let found = await kind { try await jobs.importJob("b", on: engine, from: .bytes(altered)) }
        #expect(found == .corrupted || found == .unsupported, "byte \(boundary)")
        #expect(try names(in: root) == [] && !jobs.hasJob("b"))
      }
      try await jobs.close()
    }
  }

  @Test("chunks lost, doubled, swapped or of another stream, and bytes after the end, are refused")
  func rearranged() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.memory])
      try await makeLargeRows(jobs)
      let (stream, _) = try await export(jobs, "a")
      var chunks: [[UInt8]] = []
      let ends = boundaries(stream)
      let header = ends[5]
      let starts = stride(from: 5, to: ends.count, by: 6).map { ends[$0] } + [stream.count]
      for (start, end) in zip(starts, starts.dropFirst()) { chunks.append(Array(stream[start..<end])) }
      #expect(chunks.count == 4)
      func refused(_ parts: [[UInt8]], _ head: [UInt8], _ what: String) async {
        let bytes = head + parts.flatMap(\.self)
        #expect(await kind { _ = try StreamSummary(reading: .bytes(bytes)) } == .corrupted, "\(what)")
      }
      let head = Array(stream[..<header])
      await refused(Array(chunks.dropFirst()), head, "the first lost")
      await refused([chunks[0], chunks[0]] + chunks.dropFirst(), head, "one doubled")
      await refused([chunks[1], chunks[0]] + chunks.dropFirst(2), head, "two swapped")
      await refused(Array(chunks.dropLast(2)) + [chunks[chunks.count - 1]], head, "the last rows lost")
      await refused(chunks + [[0]], head, "a byte after the end")
      await refused([stream], stream, "two streams in a row")
      try await jobs.openJob("other").put(category: "c", key: Key("k"), payload: [1])
      let (other, _) = try await export(jobs, "other")
      await refused(chunks, Array(other[..<boundaries(other)[5]]), "another stream's header")
      await refused([], Array("PERSISTENT nonsense of some length".utf8), "something else")
      try await jobs.close()
    }
  }

  @Test("a stream of a newer version is not guessed at")
  func newer() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.memory])
      _ = try await jobs.openJob("a")
      var (stream, _) = try await export(jobs, "a")
      stream[11] = 2
      #expect(await kind { _ = try StreamSummary(reading: .bytes(stream)) } == .unsupported)
      try await jobs.close()
    }
  }

  @Test("a failing sink, source or task ends an export or import, and leaves nothing", arguments: Engine.stored)
  func failing(_ engine: Engine) async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [engine, .memory])
      try await jobs.makeHostileJob("a", on: .memory)
      let (stream, _) = try await export(jobs, "a")
      let full = ByteSink { _ throws(PersistencyError) in throw PersistencyError(.storageFull, "a test") }
      #expect(await kind { try await jobs.exportJob("a", to: full) } == .storageFull)
      let half = Locked(stream[..<(stream.count / 2)])
      let broken = ByteSource { buffer throws(PersistencyError) in
        let next = half.withLock { rest in
          defer { rest = rest.dropFirst(buffer.count) }
          return Array(rest.prefix(buffer.count))
        }
        if next.isEmpty { throw PersistencyError(.backend, "a test") }
        buffer.copyBytes(from: next)
        return next.count
      }
      #expect(await kind { try await jobs.importJob("b", on: engine, from: broken) } == .backend)
      #expect(try names(in: root) == [])
      // A pipe that gives nothing: the cancelled task does not wait for it.
      let pipe = Pipe()
      let stalled = Task {
        try await jobs.importJob("b", on: engine, from: .descriptor(pipe.fileHandleForReading.fileDescriptor))
      }
      stalled.cancel()
      #expect(await kind { _ = try await stalled.value } == .cancelled)
      #expect(try names(in: root) == [])
      try await jobs.importJob("b", on: engine, from: .bytes(stream))
      try await jobs.close()
    }
  }

  @Test("unknown jobs and engines are refused")
  func refused() async throws {
    try await withRoot { root in
      let jobs = try Persistency(rootDirectory: root, engines: [.memory])
      #expect(await kind { _ = try await export(jobs, "none") } == .jobNotFound)
      #expect(await kind { try await jobs.importJob("a", on: .lmdb, from: .bytes([])) } == .invalidArgument)
      #expect(await kind { try await jobs.importJob("a", from: .bytes([])) } == .corrupted)
      #expect(!jobs.hasJob("a"))
      try await jobs.close()
    }
  }
}
