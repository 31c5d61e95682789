import Foundation

/// Tells the typed parts that bytes were made of, as far as bytes can tell, in the form that a KEY argument takes.
///
/// The encoding has no types in it: eight bytes may be a number or anything else. What is shown here always reads back to the same bytes.
struct PartsReader {
  private static let mostBytes = 1024

  private let bytes: [UInt8]

  /// Nil when they are not a sequence of text, byte strings and numbers of a usual size.
  static func read(_ bytes: [UInt8]) -> String? {
    guard !bytes.isEmpty, bytes.count <= mostBytes else { return nil }
    return PartsReader(bytes: bytes).parts(from: 0, depth: 0)?.joined(separator: ",")
  }

  private func parts(from at: Int, depth: Int) -> [String]? {
    if at == bytes.count { return [] }
    if depth > 16 { return nil }
    for read in [text, signed, byteString, unsigned] {
      if let (part, next) = read(at), let rest = parts(from: next, depth: depth + 1) { return [part] + rest }
    }
    return nil
  }

  /// The bytes after a 2-byte length.
  private func counted(_ at: Int) -> (ArraySlice<UInt8>, Int)? {
    guard at + 2 <= bytes.count else { return nil }
    let end = at + 2 + Int(bytes[at]) << 8 + Int(bytes[at + 1])
    return end <= bytes.count ? (bytes[(at + 2)..<end], end) : nil
  }

  private func text(_ at: Int) -> (String, Int)? {
    guard let (content, next) = counted(at), !content.isEmpty, let text = KeyText.readable(Array(content)) else {
      return nil
    }
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return ("\"\(escaped)\"", next)
  }

  private func byteString(_ at: Int) -> (String, Int)? {
    guard let (content, next) = counted(at), content.count > 1 else { return nil }
    return ("x:" + KeyText.hex(content), next)
  }

  /// Numbers of less than 56 bits, which is what leaves a byte that is nothing else.
  private func signed(_ at: Int) -> (String, Int)? {
    guard let raw = number(at), raw >> 56 == 0x80 || raw >> 56 == 0x7F else { return nil }
    return ("i:\(Int64(bitPattern: raw ^ 1 << 63))", at + 8)
  }

  private func unsigned(_ at: Int) -> (String, Int)? {
    guard let raw = number(at), raw >> 48 == 0 else { return nil }
    return ("u:\(raw)", at + 8)
  }

  private func number(_ at: Int) -> UInt64? {
    guard at + 8 <= bytes.count else { return nil }
    return bytes[at..<(at + 8)].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
