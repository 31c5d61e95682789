import Foundation
import PersistencyCore

/// What commands print: lines for people, or one JSON document.
enum Output {
  static func line(_ text: String) { write(Array((text + "\n").utf8)) }

  static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    write(Array(try encoder.encode(value)) + [0x0A])
  }
}

/// Bytes in JSON: always as hexadecimal, and as text when they can be read.
struct BytesJSON: Encodable {
  var hex: String
  var text: String?

  init(_ bytes: [UInt8]) {
    hex = KeyText.hex(bytes)
    text = KeyText.readable(bytes)
  }
}

struct RowJSON: Encodable {
  var key: BytesJSON
  var payload: BytesJSON

  init(_ row: KvRow) {
    key = BytesJSON(row.key.bytes)
    payload = BytesJSON(row.payload)
  }
}
