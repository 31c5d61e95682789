import Foundation
import PersistencyCore

/// Parses typed parts: `"chan",i:7,x:00ff,true`.
struct PartsParser {
  private let whole: String
  private var rest: Substring

  init(_ text: String) {
    whole = text
    rest = text[...]
  }

  /// The key of all the parts; the empty text is the empty key.
  mutating func parse() throws -> Key {
    var key = Key()
    guard !rest.isEmpty else { return key }
    while true {
      try parsePart(into: &key)
      if rest.isEmpty { return key }
      guard rest.removeFirst() == "," else { throw malformed("a comma is missing") }
    }
  }

  private mutating func parsePart(into key: inout Key) throws {
    if rest.hasPrefix("\"") { return key.append(try quoted()) }
    if take("o:") { return key.append(OrderedText(try quoted())) }
    if take("i:") { return key.append(try number(Int64.init)) }
    if take("u:") { return key.append(try number(UInt64.init)) }
    if take("b:") { return key.append(try number(UInt8.init)) }
    if take("d:") { return key.append(try number { Double($0) }) }
    if take("uuid:") { return key.append(try number(UUID.init(uuidString:))) }
    if take("x:") { return key.append(try KeyText.bytes(hex: word().utf8, of: whole)) }
    switch word() {
    case "true": key.append(true)
    case "false": key.append(false)
    default:
      throw malformed(
        "a part is \"text\", i:7, u:7, b:7, d:1.5, x:00ff, o:\"text\", uuid:…, true or false; or use text:… or hex:…")
    }
  }

  private mutating func take(_ prefix: String) -> Bool {
    guard rest.hasPrefix(prefix) else { return false }
    rest.removeFirst(prefix.count)
    return true
  }

  private mutating func word() -> String {
    let end = rest.firstIndex(of: ",") ?? rest.endIndex
    defer { rest = rest[end...] }
    return String(rest[..<end])
  }

  private mutating func number<N>(_ make: (String) -> N?) throws -> N {
    let text = word()
    guard let value = make(text) else { throw malformed("“\(text)” is no \(N.self)") }
    return value
  }

  private mutating func quoted() throws -> String {
    guard take("\"") else { throw malformed("a quote is missing") }
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        switch rest.popFirst() {
        case "n": text.append("\n")
        case "t": text.append("\t")
        case let escaped? where escaped == "\"" || escaped == "\\": text.append(escaped)
        default: throw malformed("only \\\" \\\\ \\n and \\t are escapes")
        }
      default: text.append(character)
      }
    }
    throw malformed("the closing quote is missing")
  }

  private func malformed(_ what: String) -> PersistencyError {
    PersistencyError(.invalidArgument, "cannot read the parts \(whole): \(what)")
  }
}
