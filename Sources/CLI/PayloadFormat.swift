import ArgumentParser
import Foundation

/// How payloads are shown.
enum PayloadFormat: String, CaseIterable, ExpressibleByArgument {
  /// Text where all of it can be read, else hexadecimal.
  case auto
  case text
  case hex
  /// JSON on one line; what is none is shown as by `auto`.
  case json
  /// Typed parts, as the library's own codec writes them; what are none is shown as by `auto`.
  case parts

  func shown(_ payload: [UInt8]) -> String {
    switch self {
    case .auto: KeyText.shown(payload)
    case .text: String(decoding: payload, as: UTF8.self)
    case .hex: KeyText.hex(payload)
    case .json: Self.json(payload) ?? KeyText.shown(payload)
    case .parts: PartsReader.read(payload) ?? KeyText.shown(payload)
    }
  }

  private static func json(_ payload: [UInt8]) -> String? {
    guard let value = try? JSONSerialization.jsonObject(with: Data(payload), options: .fragmentsAllowed),
      let text = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    else { return nil }
    return String(decoding: text, as: UTF8.self)
  }
}
