import PersistencyCore
import PersistencyLMDB
import PersistencyMemory
import PersistencySQLite
import Testing

@testable import PersistencyRocksDB

@Suite("Engines tell the version of the library below")
struct EngineVersionTests {
  @Test("as numbers and dots", arguments: [Engine.memory, .sqlite, .lmdb])
  func numbers(_ engine: Engine) throws {
    let numbers = engine.version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    #expect(numbers.count >= 3 && !numbers.contains(nil), "\(engine): “\(engine.version)”")
  }

  @Test("RocksDB's is in the name of its file, or not told")
  func rocks() {
    let names = [
      "/usr/lib/librocksdb.so.7.8.3": "7.8.3", "librocksdb.so.10.2.1": "10.2.1",
      "/a.1.2/librocksdb.9.7.3.dylib": "9.7.3",
      "/usr/lib/librocksdb.so.7.8": "7.8", "/usr/lib/librocksdb.so.7": "", "/usr/lib/librocksdb.so": "",
      "/usr/bin/tool.1.2.3": "", "": "",
    ]
    for (name, version) in names { #expect(RocksLibrary.version(ofFile: name) == version, "\(name)") }
    #expect(Engine.rocks.version == RocksLibrary.version)
  }
}
