import Foundation
import PersistencyRocksDB

/// A temporary folder with a place for one store in it, removed with the value.
final class RocksPlace {
  let root: String
  var store: String { root + "/store.rocks" }

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/rocks-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func open(_ store: StoreOptions = .init(), _ options: RocksOptions = .init()) throws -> RocksBackend {
    try RocksBackend(path: self.store, store: store, options: options)
  }

  /// The names, sizes and modes in a folder, to see that nothing has changed.
  func listing(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
      return "\(name) \(attributes[.size] ?? 0) \(attributes[.posixPermissions] ?? 0)"
    }
  }
}

/// The kind of error that `body` throws; nil when it throws none.
func rocksKind(_ body: () throws -> Void) -> PersistencyError.Kind? {
  do {
    try body()
    return nil
  } catch {
    return (error as? PersistencyError)?.kind
  }
}

func rocksKey(_ text: String) -> Key { Key(rawBytes: Array(text.utf8)) }

/// Nine digits, so that order is numeric.
func rocksKey(_ number: Int) -> Key {
  let digits = String(number)
  return rocksKey(String(repeating: "0", count: max(0, 9 - digits.count)) + digits)
}

/// All rows, as the store gives them.
func rocksRows(_ store: any KvBackend) throws -> [[[UInt8]]] {
  var rows: [[[UInt8]]] = []
  try store.visitAll { category, key, payload throws(PersistencyError) in
    rows.append([[UInt8](copying: category), [UInt8](copying: key), [UInt8](copying: payload)])
    return .next
  }
  return rows
}
