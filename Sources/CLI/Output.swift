import Foundation
import PersistencyCore
import Synchronization

/// What commands print on standard output: lines for people, or one JSON object a line.
enum Output {
  private static let buffer = Mutex<[UInt8]>([])
  private static let isWatched = isatty(STDOUT_FILENO) == 1

  static func line(_ text: String) { write(Array((text + "\n").utf8)) }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    write(Array(try encoder.encode(value)) + [0x0A])
  }

  /// Collects bytes, and writes them when there are many; at once on a terminal.
  static func write(_ bytes: [UInt8]) {
    let isFull = buffer.withLock { buffer in
      buffer += bytes
      return buffer.count >= 64 << 10
    }
    if isFull || isWatched { flush() }
  }

  /// Writes what was collected; when nobody reads it, the process ends as SIGPIPE would have it.
  static func flush() {
    buffer.withLock { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EPIPE {
          _exit(128 + SIGPIPE)
        } else if errno != EINTR {
          PersistencyTool.complain("cannot write the output: \(String(cString: strerror(errno)))")
          ExitStatus.failed.exit()
        }
      }
      buffer.removeAll(keepingCapacity: true)
    }
  }
}

/// Bytes in JSON: always as hexadecimal, and as text or typed parts when they can be read so.
struct BytesJSON: Encodable {
  var hex: String
  var text: String?
  var parts: String?

  init(_ bytes: [UInt8]) {
    hex = KeyText.hex(bytes)
    text = KeyText.readable(bytes)
    if text == nil { parts = PartsReader.read(bytes) }
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

/// Sizes as people read them.
func readable(bytes: Int) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
  return unit == 0 ? "\(bytes) B" : String(format: "%.1f %@", value, units[unit])
}
