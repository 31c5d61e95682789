import Foundation
import LogBackend
import PersistencyCore
import Testing

@Suite("The log's file")
final class LogFileTests {
  private let path = FileManager.default.temporaryDirectory.path + "/log-\(UUID().uuidString).rowlog"

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The bytes of a log with two batches, closed or not.
  private func log(closed: Bool) throws -> [UInt8] {
    let store = try LogBackend(path: path)
    try store.applyOps([.put(category: "c", key: Key("a"), payload: [1])])
    try store.applyOps([.put(category: "c", key: Key("b"), payload: [2])])
    let open = Array(try Data(contentsOf: URL(filePath: path)))
    store.close()
    return closed ? Array(try Data(contentsOf: URL(filePath: path))) : open
  }

  private func payloads(of bytes: [UInt8]) throws -> [[UInt8]] {
    try Data(bytes).write(to: URL(filePath: path))
    let store = try LogBackend(path: path)
    defer { store.close() }
    return try store.scanRange(category: "c", range: .all).map(\.payload)
  }

  private func refusal(of bytes: [UInt8]) throws -> PersistencyError.Kind? {
    try Data(bytes).write(to: URL(filePath: path))
    do throws(PersistencyError) {
      try LogBackend(path: path).close()
      return nil
    } catch {
      return error.kind
    }
  }

  @Test("opens with each batch whole or not at all, wherever a crash cut it")
  func tornTail() throws {
    let bytes = try log(closed: false)
    var found: Set<[[UInt8]]> = []
    for length in 0...bytes.count { found.insert(try payloads(of: Array(bytes[..<length]))) }
    #expect(found == [[], [[1]], [[1], [2]]])
  }

  @Test("takes writes after its torn tail was cut")
  func writesAfterTear() throws {
    let bytes = try log(closed: false)
    #expect(try payloads(of: bytes.dropLast()) == [[1]])
    let store = try LogBackend(path: path)
    try store.applyOps([.put(category: "c", key: Key("c"), payload: [3])])
    store.close()
    #expect(try payloads(of: Array(Data(contentsOf: URL(filePath: path)))) == [[1], [3]])
  }

  @Test("ends at the first record that a power loss damaged")
  func damagedTail() throws {
    var bytes = try log(closed: false)
    bytes[bytes.count - 1] ^= 1
    #expect(try payloads(of: bytes) == [[1]])
  }

  @Test("is corrupted when it was closed in good order and has a damaged byte")
  func damagedAtRest() throws {
    let bytes = try log(closed: true)
    // From past the header to before the record of the close.
    for place in 12..<(bytes.count - 16) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(try refusal(of: damaged) == .corrupted, "byte \(place)")
    }
  }

  @Test("is refused when it is foreign or of a newer format")
  func foreign() throws {
    let bytes = try log(closed: true)
    var newer = bytes
    newer[11] = 2
    #expect(try refusal(of: newer) == .unsupported)
    #expect(try refusal(of: Array("SQLite format 3\0 and so on".utf8)) == .corrupted)
    #expect(try refusal(of: [0]) == .corrupted)
    #expect(try Array(Data(contentsOf: URL(filePath: path))) == [0])
  }
}
