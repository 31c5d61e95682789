import Foundation
import PersistencyCore

/// An engine that stores nothing but makes a file as its store, around a backend or a failure of the test's choice.
func fileEngine(
  name: String = "file", readOnlyBesideWriter: Bool = true,
  _ open: @escaping @Sendable (_ path: String) throws(PersistencyError) -> any KvBackend
) -> Engine {
  Engine(
    name: name, fileSuffix: "." + name, capabilities: Capabilities(readOnlyBesideWriter: readOnlyBesideWriter)
  ) { path, _ throws(PersistencyError) in
    if !FileManager.default.fileExists(atPath: path) {
      guard FileManager.default.createFile(atPath: path, contents: Data(repeating: 1, count: 100)) else {
        throw PersistencyError(.backend, "cannot make \(path)")
      }
    }
    return try open(path)
  }
}
