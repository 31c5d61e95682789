import Testing

@testable import PersistencyCore

/// A key lies in the value itself up to 31 bytes, and in an array from 32: nobody may see which.
@Suite("A key's bytes, in place and in an array")
struct KeyStorageTests {
  /// Bytes of every length from 0 to 70, many alike but for their end, or for zeros and 0xFF there.
  static let samples: [[UInt8]] = {
    var samples: [[UInt8]] = []
    for count in 0...70 {
      let plain = (0..<count).map { UInt8($0 * 37 & 0xFF) }
      samples.append(plain)
      guard count > 0 else { continue }
      for last: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] { samples.append(plain.dropLast() + [last]) }
      samples.append([UInt8](repeating: 0, count: count))
      samples.append([UInt8](repeating: 0xFF, count: count))
      samples.append(plain.dropLast(count / 2) + [UInt8](repeating: 0xFF, count: count / 2))
    }
    return samples
  }()

  @Test("every length gives its bytes back, lent or owned")
  func bytes() {
    for sample in Self.samples {
      for key in [Key(rawBytes: sample), Key(rawBytes: sample.lazy.map { $0 }), Key(copying: sample.span.bytes)] {
        #expect(key.bytes == sample)
        #expect(key.byteCount == sample.count)
        #expect(key.withUnsafeBytes { [UInt8]($0) } == sample)
        #expect(key.bytes(after: [7, 8]) == [7, 8] + sample)
        #expect(withUnsafePointer(to: key) { [UInt8](Key.unsafeBytes(at: $0)) } == sample)
        #expect(key.description == "hex:" + sample.hexadecimal)
      }
    }
  }

  @Test("order, equality and hash are those of the bytes")
  func order() {
    let keys = Self.samples.map { Key(rawBytes: $0) }
    for (left, a) in zip(keys, Self.samples) {
      for (right, b) in zip(keys, Self.samples) {
        let isRight = (left < right) == a.lexicographicallyPrecedes(b) && (left == right) == (a == b)
        if !isRight { Issue.record("\(left) beside \(right)") }
      }
    }
    #expect(Set(keys).count == Set(Self.samples).count)
    #expect(keys.sorted().map(\.bytes) == Self.samples.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test("growing past what lies in place, byte by byte or at once")
  func growth() {
    for sample in Self.samples {
      var key = Key()
      for byte in sample {
        let before = key
        key.append(byte)
        #expect(before.byteCount + 1 == key.byteCount, "a copy stays as it was")
      }
      #expect(key == Key(rawBytes: sample))
      #expect(Key(Key(rawBytes: sample.prefix(20)), Key(rawBytes: sample.dropFirst(20))) == key)
      #expect(key.successor == Key(rawBytes: sample + [0]))
      let last = sample.lastIndex { $0 != 0xFF }
      #expect(key.nextPrefix == last.map { Key(rawBytes: sample[..<$0] + [sample[$0] + 1]) })
    }
  }

  @Test("an invalid key keeps why, whatever is done with it")
  func invalid() {
    let long = String(repeating: "x", count: 70_000)
    for head in ["", "short", String(repeating: "h", count: 40)] {
      let key = Key(head, long)
      let reason = "a text or byte part of 70000 bytes; at most 65,535 have a key form"
      #expect(key.invalidReason == reason && key.successor.invalidReason == reason)
      let range = KeyRange(prefix: key)
      #expect(range.stop?.invalidReason == reason && !range.isEmpty)
      var more = key
      more.append("tail")
      #expect(more.invalidReason == reason && Key(1, key).invalidReason == reason)
      #expect(key == Key(head, long) && key != Key(rawBytes: key.bytes))
      #expect(Key(rawBytes: key.bytes) < key && !(key < Key(rawBytes: key.bytes)))
    }
  }

  @Test("it is no larger than five words, nor a step of a batch than nine")
  func size() {
    #expect(MemoryLayout<Key>.size == 40)
    #expect(MemoryLayout<TxOp>.stride <= 72)
  }
}
