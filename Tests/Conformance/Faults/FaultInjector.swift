/// Makes system calls of this process fail, on files below a folder.
///
/// The suite sweeps with it over every call that a store makes, one after the other. `PersistencyFaults` has one
/// for Linux; a fixture that has none is not asked.
public struct FaultInjector: Sendable {
  private let arming: @Sendable (Fault, String) throws -> ArmedFault

  /// - Parameter arm: Lets the fault happen to calls on files at or below the folder, until it is disarmed.
  public init(arm: @escaping @Sendable (_ fault: Fault, _ folder: String) throws -> ArmedFault) { arming = arm }

  /// Runs `body` while `fault` is armed below `folder`.
  public func during<R>(
    _ fault: Fault, below folder: String, _ body: (ArmedFault) throws -> R
  ) throws -> R {
    let armed = try arming(fault, folder)
    defer { armed.disarm() }
    return try body(armed)
  }

  /// As ``during(_:below:_:)``, for a body that suspends.
  public func during<R>(
    _ fault: Fault, below folder: String, _ body: (ArmedFault) async throws -> R
  ) async throws -> R {
    let armed = try arming(fault, folder)
    defer { armed.disarm() }
    return try await body(armed)
  }
}

/// What happens to which system calls.
public struct Fault: Hashable, Sendable, Codable {
  /// Classes of system calls.
  public enum Call: String, Hashable, Sendable, Codable, CaseIterable {
    case write, sync, truncate, open, read, map, rename, remove, makeFolder
  }

  public enum Effect: Hashable, Sendable, Codable {
    /// It fails with this `errno`, and does nothing.
    case error(Int32)
    /// A write writes half of its bytes, and says so, which is no error.
    case short
    /// The process is killed just before it.
    case kill
    /// It waits until the fault is released or disarmed.
    case hold
  }

  public var calls: Set<Call>
  /// The first call that it happens to, counted from 1 when the fault is armed.
  public var first: Int
  /// To how many calls; nil to all from the first on.
  public var count: Int?
  public var effect: Effect

  public init(_ calls: Set<Call>, first: Int = 1, count: Int? = 1, _ effect: Effect) {
    self.calls = calls
    self.first = first
    self.count = count
    self.effect = effect
  }
}

extension Fault: CustomStringConvertible {
  public var description: String {
    let calls = calls.map(\.rawValue).sorted().joined(separator: "/")
    let which = count == 1 ? "\(first)" : count.map { "\(first)–\(first + $0 - 1)" } ?? "\(first) and on"
    return "\(calls) \(which): \(effect)"
  }
}

/// A fault in force.
public struct ArmedFault: Sendable {
  private let counting: @Sendable () -> (seen: Int, hits: Int)
  private let releasing: @Sendable () -> Void
  private let disarming: @Sendable () -> Void

  /// - Parameters:
  ///   - count: How many calls of these classes were made, and to how many the fault happened.
  ///   - release: Lets held calls go on.
  ///   - disarm: Ends it; called once.
  public init(
    count: @escaping @Sendable () -> (seen: Int, hits: Int), release: @escaping @Sendable () -> Void,
    disarm: @escaping @Sendable () -> Void
  ) {
    counting = count
    releasing = release
    disarming = disarm
  }

  /// How many calls it could have happened to.
  public var seen: Int { counting().seen }
  /// How many calls it happened to: without one, a test has shown nothing.
  public var hits: Int { counting().hits }

  /// Lets the calls that are held go on, and holds no more.
  public func release() { releasing() }

  func disarm() { disarming() }
}
