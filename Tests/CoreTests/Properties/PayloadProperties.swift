import Foundation

@testable import PersistencyCore

/// What must hold of any bytes that are read as a payload.
package enum PayloadProperties {
  /// Holds itself, as deep as the bytes say.
  final class Nest: Codable {
    var next: Nest?
    var text: String?
  }

  struct Mixed: Codable, Equatable {
    var names: [String: [Int]]
    var ratio: Double
    var leaf: KeyProperties.Leaf?
    var key: Key
    var when: Date
  }

  /// The first byte chooses what the others are read as.
  package static func check(_ bytes: [UInt8]) throws {
    guard let choice = bytes.first else { return }
    try readings[Int(choice) % readings.count](Array(bytes.dropFirst()))
  }

  private static let readings: [@Sendable ([UInt8]) throws -> Void] = [
    { try read($0, Nest.self, .parts) }, { try read($0, KeyProperties.Tree.self, .parts) },
    { try read($0, KeyProperties.Leaf?.self, .parts) }, { try read($0, [UInt8].self, .parts) },
    { try read($0, KeyProperties.Rank.self, .parts) }, { try read($0, Key.self, .parts) },
    { try read($0, [Int].self, .parts) }, { try read($0, Mixed.self, .parts) },
    { try readParts($0) },
    { try readAgain($0, Double.self, .parts) },
    { try readAgain($0, Nest.self, .json) }, { try readAgain($0, KeyProperties.Tree.self, .json) },
    { try readAgain($0, Mixed.self, .json) }, { try readAgain($0, [String].self, .json) },
    { try readAgain($0, Double.self, .json) },
  ]

  /// What comes out encodes as the same bytes; all else is refused with one kind of error.
  private static func read<Value: Codable>(_ bytes: [UInt8], _ type: Value.Type, _ codec: PayloadCodec) throws {
    guard let value = try decoded(bytes, type, codec) else { return }
    let again = try codec.encode(value)
    try BrokenProperty.unless(again == bytes, "\(bytes) became a \(type), and that \(again)")
  }

  /// The same, of a codec that has more than one form of a value: the form that is written is read as the same value.
  private static func readAgain<Value: Codable>(_ bytes: [UInt8], _ type: Value.Type, _ codec: PayloadCodec) throws {
    guard let value = try decoded(bytes, type, codec) else { return }
    let once: [UInt8]
    do throws(PersistencyError) {
      once = try codec.encode(value)
    } catch {
      // A number that JSON has no word for.
      return try BrokenProperty.unless(error.kind == .invalidArgument, "encoding threw \(error)")
    }
    let twice = try codec.encode(codec.decode(type, from: once))
    try BrokenProperty.unless(once == twice, "\(once) was read as \(twice)")
  }

  private static func readParts(_ bytes: [UInt8]) throws {
    do throws(PersistencyError) {
      let parts = try Payload.decode(bytes, as: String.self, Int64?.self, [UInt8].self)
      let again = try Payload.encode(parts.0, parts.1, parts.2)
      if again != bytes { throw PersistencyError(.backend, "\(bytes) became \(again)") }
    } catch {
      try BrokenProperty.unless(error.kind == .invalidArgument, "\(error)")
    }
  }

  private static func decoded<Value: Codable>(
    _ bytes: [UInt8], _ type: Value.Type, _ codec: PayloadCodec
  ) throws -> Value? {
    do throws(PersistencyError) {
      return try codec.decode(type, from: bytes)
    } catch {
      try BrokenProperty.unless(error.kind == .invalidArgument, "\(bytes) was read as a \(type): \(error)")
      return nil
    }
  }
}
