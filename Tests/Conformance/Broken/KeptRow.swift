import PersistencyCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A row in the file of a backend that is broken on purpose.
///
/// The file has one after another, each as three lengths of eight bytes and then category, key and payload: some are megabytes.
struct KeptRow: Sendable {
  var category: [UInt8]
  var key: [UInt8]
  var payload: [UInt8]

  var raw: RawRow { RawRow(category: category, key: Key(rawBytes: key), payload: payload) }

  static func all(of store: ReferenceBackend) throws(PersistencyError) -> [KeptRow] {
    var rows: [KeptRow] = []
    try store.visitAll { category, key, payload throws(PersistencyError) in
      rows.append(
        KeptRow(
          category: [UInt8](copying: category), key: [UInt8](copying: key), payload: [UInt8](copying: payload)))
      return .next
    }
    return rows
  }

  // MARK: The file

  private static func path(_ directory: String) -> String { directory + "/store.rows" }

  /// The rows that a store in this directory was closed with.
  static func read(from directory: String) -> [KeptRow] {
    guard let file = FileManager.default.contents(atPath: path(directory)) else { return [] }
    var rest = [UInt8](file)[...]
    var rows: [KeptRow] = []
    while rest.count >= 24 {
      let lengths = (0..<3).map { place in
        Int(rest.dropFirst(8 * place).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      }
      rest = rest.dropFirst(24)
      let parts = lengths.map { length in
        defer { rest = rest.dropFirst(length) }
        return Array(rest.prefix(length))
      }
      rows.append(KeptRow(category: parts[0], key: parts[1], payload: parts[2]))
    }
    return rows
  }

  static func write(_ rows: [KeptRow], to directory: String) {
    var file = Data()
    for row in rows {
      for part in [row.category, row.key, row.payload] {
        withUnsafeBytes(of: UInt64(part.count).littleEndian) { file.append(contentsOf: $0) }
      }
      for part in [row.category, row.key, row.payload] { file.append(contentsOf: part) }
    }
    try? file.write(to: URL(filePath: path(directory)))
  }
}
