import CPersistencyRocksDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The RocksDB library that this process runs on.
enum RocksLibrary {
  /// Its version, as "7.8.3", or empty when it cannot be told.
  ///
  /// The C API does not give it, and a header's is that of the machine that compiled us. What tells is the name of
  /// the file that the library was loaded from, links resolved; one that is linked statically has none.
  static let version: String = {
    guard let file = persistency_rocks_file(), let resolved = realpath(file, nil) else { return "" }
    defer { free(resolved) }
    return version(ofFile: String(cString: resolved))
  }()

  /// The version in a name as `librocksdb.so.7.8.3` or `librocksdb.9.7.3.dylib`; empty when there is none.
  static func version(ofFile path: String) -> String {
    let words = path.split(separator: "/").last?.split(separator: ".") ?? []
    guard words.first == "librocksdb" else { return "" }
    let numbers = words.filter { word in word.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    // One number alone is the ABI's.
    return numbers.count < 2 ? "" : numbers.joined(separator: ".")
  }
}
