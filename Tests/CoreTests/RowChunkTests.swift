import Testing

@testable import PersistencyCore

@Suite("Rows in chunks")
struct RowChunkTests {
  private typealias Row = (category: String, key: [UInt8], payload: [UInt8])

  private func add(_ row: Row, to chunk: RowChunk) -> Bool {
    chunk.append(Array(row.category.utf8).span.bytes, row.key.span.bytes, row.payload.span.bytes)
  }

  private func chunk(_ rows: [Row]) -> RowChunk {
    let chunk = RowChunk()
    for row in rows { _ = add(row, to: chunk) }
    return chunk
  }

  @Test("rows come out as they went in, empty parts too")
  func roundTrip() throws {
    var name: [UInt8] = []
    let chunk = chunk([("", [], []), ("a", [0], [1, 2]), ("a", [255], []), ("é", [], [0])])
    try chunk.makeRows(&name)
    let rows = chunk.made
    #expect(rows.map(\.category) == [[], [97], [97], [0xC3, 0xA9]])
    #expect(rows.map(\.key.bytes) == [[], [0], [255], []])
    #expect(rows.map(\.payload) == [[], [1, 2], [], [0]])
    #expect(name == [0xC3, 0xA9])
  }

  @Test("a row that does not fit is refused, unless it is the first")
  func capacity() {
    let large = [UInt8](repeating: 7, count: RowChunk.usualBytes)
    let first = RowChunk()
    #expect(add(("", [], large), to: first))
    #expect(first.rows == 1 && first.byteCount == large.count + 12)
    #expect(!add(("", [], []), to: first))
    let second = chunk([("a", [1], [])])
    #expect(!add(("", [], large), to: second))
    #expect(second.rows == 1)
  }

  @Test("bytes that are no rows are refused, whatever is wrong")
  func malformed() throws {
    let good = chunk([("a", [1], [2]), ("b", [], [])]).withBytes { Array($0) }
    func judge(_ bytes: [UInt8], rows: Int) -> PersistencyError.Kind? {
      let chunk = RowChunk.filled(bytes: bytes.count, rows: rows) { $0.copyBytes(from: bytes) }
      do throws(PersistencyError) {
        try chunk.eachRow { _, _, _ in }
        var name: [UInt8] = []
        try chunk.makeRows(&name)
        return nil
      } catch { return error.kind }
    }
    #expect(judge(good, rows: 2) == nil)
    #expect(judge(good, rows: 1) == .corrupted)
    #expect(judge(good, rows: 3) == .corrupted)
    #expect(judge(good, rows: Int(UInt32.max)) == .corrupted)
    for count in 0..<good.count { #expect(judge(Array(good[..<count]), rows: 2) == .corrupted, "cut at \(count)") }
    for at in [0, 5, 10, 15, 20, 24] {
      var bad = good
      bad[at] = 0xFF
      #expect(judge(bad, rows: 2) == .corrupted, "a huge length at \(at)")
    }
    #expect(judge([], rows: 0) == nil)
  }

  @Test("order is seen inside a chunk and from one to the next")
  func order() {
    func judge(_ chunks: [[Row]]) -> Bool {
      var order = RowOrder()
      for rows in chunks {
        do throws(PersistencyError) { try order.add(chunk(rows)) } catch { return false }
      }
      return true
    }
    #expect(judge([[("", [], [])], [("", [0], []), ("a", [], [])], [("a", [0], []), ("b", [], [])]]))
    #expect(!judge([[("", [], []), ("", [], [])]]))
    #expect(!judge([[("", [], [])], [("", [], [])]]))
    #expect(!judge([[("b", [], []), ("a", [9], [])]]))
    #expect(!judge([[("b", [1], [])], [("b", [0, 9], [])]]))
    #expect(!judge([[("b", [1], [])], [("aa", [2], [])]]))
  }
}
