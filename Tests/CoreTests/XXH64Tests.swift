import Testing

@testable import PersistencyCore

@Suite("XXH64")
struct XXH64Tests {
  /// The bytes that the specification's own test uses: a multiplicative generator.
  private static let sanity: [UInt8] = {
    var generator: UInt64 = 2_654_435_761
    return (0..<222).map { _ in
      defer { generator = generator &* 11_400_714_785_074_694_797 }
      return UInt8(generator >> 56)
    }
  }()

  private func checksum(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt64 { Array(bytes).check(seed: seed) }

  @Test("gives the published checksums of short texts")
  func texts() {
    #expect(checksum("".utf8) == 0xEF46_DB37_51D8_E999)
    #expect(checksum("a".utf8) == 0xD24E_C4F1_A98C_6E5B)
    #expect(checksum("abc".utf8) == 0x44BC_2CF5_AD77_0999)
    #expect(checksum("Nobody inspects the spammish repetition".utf8) == 0xFBCE_A83C_8A37_8BF1)
  }

  @Test("gives the published checksums of the sanity buffer, with and without a seed")
  func sanity() {
    let seed: UInt64 = 2_654_435_761
    for (length, plain, seeded) in [
      (1, 0xE934_A84A_DB05_2768, 0x5014_607643A9B4C3), (4, 0x9136_A0DC_A574_57EE, 0xCAAB_286B_D8E9_FDB5),
      (14, 0x8282_DCC4_994E_35C8, 0xC3BD_6BF6_3DEB_6DF0), (222, 0xB641_AE8C_B691_C174, 0x20CB_8AB7_AE10_C14A),
    ] as [(Int, UInt64, UInt64)] {
      #expect(checksum(Self.sanity.prefix(length)) == plain, "\(length)")
      #expect(checksum(Self.sanity.prefix(length), seed: seed) == seeded, "\(length)")
    }
  }

  @Test("bytes in pieces have the checksum of the whole")
  func pieces() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let whole = checksum(bytes)
    for size in [1, 7, 8, 31, 32, 33, 64, 100, 999] {
      var hash = XXH64()
      var rest = bytes[...]
      while !rest.isEmpty {
        rest.prefix(size).withUnsafeBytes { hash.add($0) }
        _ = hash.value
        rest = rest.dropFirst(size)
      }
      #expect(hash.value == whole, "pieces of \(size)")
    }
  }
}
