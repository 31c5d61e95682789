import Foundation
import Testing

/// What libFuzzer asks of any bytes (`make fuzz`), asked of the inputs that it kept and of others like them.
@Suite("Properties of any bytes")
struct PropertyTests {
  struct Property: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let check: @Sendable ([UInt8]) throws -> Void
  }

  static let all = [
    Property(testDescription: "FuzzKeys") { try KeyProperties.check($0) },
    Property(testDescription: "FuzzPayloads") { try PayloadProperties.check($0) },
    Property(testDescription: "FuzzManifests") { try ManifestProperties.check($0) },
    Property(testDescription: "FuzzJobIDs") { try JobIDProperties.check($0) },
  ]

  /// What `make fuzz` starts from.
  static func corpus(_ name: String) throws -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).appending(path: "../../../Fuzz/Corpus/\(name)").standardized
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      Array(try Data(contentsOf: folder.appending(path: $0)))
    }
  }

  @Test("hold of the kept inputs, and of 10,000 made from them by a seed", arguments: all)
  func hold(_ property: Property) throws {
    let corpus = try Self.corpus(property.testDescription)
    try #require(corpus.count > 5)
    for bytes in corpus { try property.check(bytes) }
    var random = FuzzTests.SplitMix(state: 3)
    for _ in 0..<10_000 {
      var bytes = corpus[Int.random(in: 0..<corpus.count, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
        case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 2: if at < bytes.count { bytes[at] = Bool.random(using: &random) ? 0 : 0xFF }
        case 3: bytes.removeSubrange(at...)
        default: bytes.insert(contentsOf: corpus[Int.random(in: 0..<corpus.count, using: &random)].prefix(40), at: at)
        }
      }
      do {
        try property.check(bytes)
      } catch {
        Issue.record("\(bytes): \(error)")
      }
    }
  }
}
