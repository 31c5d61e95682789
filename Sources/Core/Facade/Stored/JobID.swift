/// A job's id by its UTF-8 bytes, and the file name made of it.
///
/// Two ids are one only if their bytes are: `==` on strings would take é composed and decomposed for the same.
struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
  let text: String
  private let bytes: [UInt8]

  /// - Throws: `.invalidArgument` unless the id has 1 to 200 UTF-8 bytes.
  init(_ text: String) throws(PersistencyError) {
    self.text = text
    bytes = Array(text.utf8)
    guard (1...200).contains(bytes.count) else {
      throw PersistencyError(.invalidArgument, "a job id of \(bytes.count) bytes; it has 1 to 200 bytes of UTF-8")
    }
  }

  var description: String { text }

  static func == (left: JobID, right: JobID) -> Bool { left.bytes == right.bytes }
  func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  static func < (left: JobID, right: JobID) -> Bool { left.bytes.precedes(right.bytes) }

  /// What the job's files begin with; it can neither leave the root nor hide in it.
  ///
  /// Bytes outside `[A-Za-z0-9._-]` and a leading dot are percent-encoded; over 160 bytes it is the first 100 or so,
  /// `%~` and a 128-bit hash of the id.
  var fileName: String {
    let escapes = bytes.enumerated().map {
      Self.isPlain($1) && !($0 == 0 && $1 == UInt8(ascii: ".")) ? String(UnicodeScalar($1)) : Self.escape($1)
    }
    let name = escapes.joined()
    guard name.utf8.count > 160 else { return name }
    var head = ""
    for escape in escapes where head.utf8.count + escape.utf8.count <= 100 {
      head += escape
    }
    return head + "%~" + Self.hash(bytes)
  }

  /// The name that the Nim original gave this job's file, where that is a plain file name, and not one of ours.
  ///
  /// A file called as ours of another id would be (with an escape in its name) may be that other job's, whose manifest is lost or not
  /// written yet: nobody's data goes to another id.
  var originalFileName: String? {
    bytes.contains(UInt8(ascii: "/")) || bytes.contains(0) || text == "." || text == ".." || text == fileName
      || hasEscape ? nil : text
  }

  /// Whether `%` and two hexadecimal digits, or the `%~` of a shortened name, are in the id.
  private var hasEscape: Bool {
    bytes.indices.contains { index in
      guard bytes[index] == UInt8(ascii: "%"), index + 1 < bytes.count else { return false }
      if bytes[index + 1] == UInt8(ascii: "~") { return true }
      return index + 2 < bytes.count && bytes[(index + 1)...(index + 2)].allSatisfy(Self.isHexadecimal)
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      return true
    default: return false
    }
  }

  private static func escape(_ byte: UInt8) -> String { "%" + CollectionOfOne(byte).hexadecimal.uppercased() }

  /// FNV-1a, 128 bits, in hexadecimal (Fowler, Noll and Vo; RFC 9923).
  private static func hash(_ bytes: [UInt8]) -> String {
    var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
    for byte in bytes {
      hash ^= UInt128(byte)
      hash &*= 0x0000_0000_0100_0000_0000_0000_0000_013B
    }
    return withUnsafeBytes(of: hash.bigEndian) { $0.hexadecimal }
  }
}
