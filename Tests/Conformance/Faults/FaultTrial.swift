public import PersistencyCore

/// One store and one fault: what the adapter says while a system call fails, and what is there afterwards.
///
/// Whatever fails, in whichever call: what was acknowledged is there; a batch is there whole, or not at all; what is
/// reported as not applied is not there; reads give the right rows or throw; nothing stays open that was closed; and
/// once the fault is over the store opens, and takes writes again.
public struct FaultTrial: Sendable {
  /// What the store is doing when the fault strikes.
  public enum Moment: String, Sendable, Codable, CaseIterable {
    case making, opening, writing, reading, closing
  }

  public var moment: Moment
  public var fault: Fault
  public var durability: Durability
  /// Draws the order of what is written.
  public var seed: UInt64

  public init(_ moment: Moment, _ fault: Fault, _ durability: Durability = .full, seed: UInt64 = 1) {
    self.moment = moment
    self.fault = fault
    self.durability = durability
    self.seed = seed
  }

  /// What was found wrong, if anything.
  public struct Finding: Error, CustomStringConvertible {
    public enum Kind: String, Sendable, Codable {
      /// What was acknowledged is not there.
      case lost
      /// What was not is, or half of it.
      case torn
      /// An error of the wrong kind, a handle that does not recover, a descriptor that stays open…
      case broken
    }
    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ description: String) {
      self.kind = kind
      self.description = description
    }
  }

  /// Runs it on the fixture's store in `directory`, which is fresh.
  ///
  /// - Returns: To how many calls the fault happened.
  /// - Throws: ``Finding``.
  public func run(on fixture: BackendFixture, with injector: FaultInjector, in directory: String) throws -> Int {
    let stage = FaultStage(trial: self, fixture: fixture, injector: injector, directory: directory)
    return switch moment {
    case .making: try stage.making()
    case .opening: try stage.opening()
    case .writing: try stage.writing()
    case .reading: try stage.reading()
    case .closing: try stage.closing()
    }
  }
}

extension FaultTrial: CustomStringConvertible {
  public var description: String { "\(moment.rawValue) at .\(durability.rawValue), \(fault), seed \(seed)" }
}
