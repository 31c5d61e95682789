@testable import PersistencyCore

/// What must hold of any text that is a job's id: the name of its files stays in the root, and is nobody else's.
package enum JobIDProperties {
  /// The first byte says how many of the others are one id; the rest are another.
  package static func check(_ bytes: [UInt8]) throws {
    let (length, rest) = (Int(bytes.first ?? 0), bytes.dropFirst())
    guard let one = try id(rest.prefix(length)), let other = try id(rest.dropFirst(length)) else { return }
    try BrokenProperty.unless(
      (one == other) == (one.fileName == other.fileName), "\(one.fileName) is the name of two ids")
    try BrokenProperty.unless(
      [one < other, one == other, other < one].count { $0 } == 1, "“\(one)” and “\(other)” have no order")
    for (one, other) in [(one, other), (other, one)] where one != other {
      try BrokenProperty.unless(
        one.originalFileName != other.fileName, "“\(one)” would adopt the file of “\(other)”, \(other.fileName)")
    }
  }

  private static func id(_ bytes: some Collection<UInt8>) throws -> JobID? {
    let text = String(decoding: bytes, as: UTF8.self)
    let id: JobID
    do throws(PersistencyError) {
      id = try JobID(text)
    } catch {
      try BrokenProperty.unless(
        error.kind == .invalidArgument && !(1...200).contains(text.utf8.count), "an id was refused: \(error)")
      return nil
    }
    try check(id)
    return id
  }

  static func check(_ id: JobID) throws {
    let name = Array(id.fileName.utf8)
    // With `.lock`, `.job.tmp` or `%~new.rocks` after it, a file system takes it still.
    try BrokenProperty.unless((1...160).contains(name.count), "a file name of \(name.count) bytes")
    try BrokenProperty.unless(
      name[0] != UInt8(ascii: ".")
        && name.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "~") },
      "the file name \(id.fileName)")
    guard let read = unescaped(name) else {
      return try BrokenProperty.unless(id.fileName.contains("%~"), "\(id.fileName) has an escape that is none")
    }
    try BrokenProperty.unless(read.elementsEqual(id.text.utf8), "\(id.fileName) is the name of another id")
    // Who makes another's file name of the id adopts that one's file.
    if let original = id.originalFileName {
      try BrokenProperty.unless(
        original != id.fileName && !original.utf8.contains(UInt8(ascii: "/")) && !original.utf8.contains(0),
        "the original's name \(original)")
      if let other = unescaped(Array(original.utf8)).flatMap({ try? JobID(String(decoding: $0, as: UTF8.self)) }) {
        try BrokenProperty.unless(other.fileName != original, "“\(id)” would adopt the file of “\(other)”")
      }
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// The bytes that a name stands for; nil when it was shortened, or has a `%` without two digits after it.
  private static func unescaped(_ name: [UInt8]) -> [UInt8]? {
    var (bytes, rest) = ([UInt8](), name[...])
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}
