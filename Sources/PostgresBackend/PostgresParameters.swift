import CPersistencyPostgres
import PersistencyCore

/// The parameters of one command in PostgreSQL's binary form: one buffer, and where each begins.
struct PostgresParameters {
  private var bytes: [UInt8] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []

  mutating func reset() {
    // What one large batch took is not kept for the small ones after it.
    bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
    starts.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }

  // MARK: Single values

  mutating func add(_ number: Int64) {
    begin()
    append(number)
    end()
  }

  mutating func add(_ value: [UInt8]) {
    begin()
    bytes.append(contentsOf: value)
    end()
  }

  mutating func add(_ value: String) {
    begin()
    bytes.append(contentsOf: value.utf8)
    end()
  }

  mutating func add(_ key: Key) {
    begin()
    key.withUnsafeBytes { bytes.append(contentsOf: $0) }
    end()
  }

  // MARK: Arrays of bytea

  mutating func add<Items: Collection>(_ items: Items, _ value: (Items.Element) -> [UInt8]) {
    begin()
    // One dimension, no nulls, bytea, so many, counted from 1.
    append(Int32(items.isEmpty ? 0 : 1))
    append(Int32(0))
    append(Int32(Self.byteaType))
    if !items.isEmpty {
      append(Int32(truncatingIfNeeded: items.count))
      append(Int32(1))
    }
    for item in items {
      let value = value(item)
      append(Int32(truncatingIfNeeded: value.count))
      bytes.append(contentsOf: value)
    }
    end()
  }

  static let byteaType: UInt32 = 17

  // MARK: Handing over

  /// Lends the parameters as libpq takes them.
  func withPointers<R>(
    _ body: (
      _ count: Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
    ) -> R
  ) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      let empty: [UInt8] = [0]
      return empty.withUnsafeBufferPointer { empty in
        // An empty value needs an address all the same: none would be NULL.
        let base = UnsafeRawPointer(bytes.baseAddress ?? empty.baseAddress)
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(starts.count, 1)) {
          pointers in
          for index in starts.indices {
            pointers[index] = base?.advanced(by: starts[index]).assumingMemoryBound(to: CChar.self)
          }
          return lengths.withUnsafeBufferPointer { lengths in
            Self.binary.withUnsafeBufferPointer { binary in
              body(
                Int32(starts.count), UnsafePointer(pointers.baseAddress), lengths.baseAddress, binary.baseAddress)
            }
          }
        }
      }
    }
  }

  /// Every parameter is in binary form; no command has more.
  private static let binary = [Int32](repeating: 1, count: 16)

  private mutating func begin() { starts.append(bytes.count) }

  private mutating func end() { lengths.append(Int32(truncatingIfNeeded: bytes.count - (starts.last ?? 0))) }

  private mutating func append(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
