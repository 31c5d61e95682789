import Foundation
import PersistencyCore

/// Keys and payloads as a person types and reads them.
enum KeyText {
  /// A KEY argument: `text:…`, `hex:…`, or typed parts.
  static func key(_ argument: String) throws -> Key {
    if let raw = try rawBytes(argument) { return Key(rawBytes: raw) }
    var parser = PartsParser(argument)
    let key = try parser.parse()
    if let reason = key.invalidReason { throw PersistencyError(.invalidArgument, "KEY \(argument): \(reason)") }
    return key
  }

  /// A PAYLOAD argument: text as it stands, `text:…`, `hex:…`, or `parts:` and typed parts.
  static func payload(_ argument: String) throws -> [UInt8] {
    if let raw = try rawBytes(argument) { return raw }
    if argument.hasPrefix("parts:") {
      var parser = PartsParser(String(argument.dropFirst("parts:".count)))
      return try parser.parse().bytes
    }
    return Array(argument.utf8)
  }

  /// Bytes for a terminal: text when all of it can be read, else `hex:…`.
  static func shown(_ bytes: [UInt8]) -> String {
    readable(bytes) ?? "hex:" + hex(bytes)
  }

  /// A key for a terminal, in a form that a KEY argument takes back: text, typed parts where it decodes, or hexadecimal.
  static func shown(_ key: Key) -> String {
    let bytes = key.bytes
    return readable(bytes).map { "text:" + $0 } ?? PartsReader.read(bytes) ?? "hex:" + hex(bytes)
  }

  static func readable(_ bytes: [UInt8]) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else { return nil }
    return text
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func rawBytes(_ argument: String) throws -> [UInt8]? {
    if argument.hasPrefix("text:") { return Array(argument.utf8.dropFirst(5)) }
    if argument.hasPrefix("hex:") { return try bytes(hex: argument.utf8.dropFirst(4), of: argument) }
    return nil
  }

  static func bytes(hex digits: some Collection<UInt8>, of argument: String) throws -> [UInt8] {
    let values = digits.map { UInt8(String(UnicodeScalar($0)), radix: 16) }
    guard values.count % 2 == 0, !values.contains(nil) else {
      throw PersistencyError(.invalidArgument, "\(argument) is no even number of hexadecimal digits")
    }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0] ?? 0) << 4 | (values[$0 + 1] ?? 0) }
  }
}
