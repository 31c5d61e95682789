import PersistencyCore

/// A disk for the yardstick, which has none: it fails where a fault says.
final class PretendDisk: Sendable {
  private struct Armed {
    var id: Int
    var fault: Fault
    var seen = 0
    var hits = 0
  }

  private let armed = Shared<[Armed]>([])

  /// Arms faults for the calls that are made on this disk.
  var injector: FaultInjector {
    FaultInjector { fault, _ in
      let id = self.armed.withLock { armed in
        armed.append(Armed(id: (armed.last?.id ?? 0) + 1, fault: fault))
        return armed.count == 1 ? armed[0].id : armed[armed.count - 1].id
      }
      return ArmedFault {
        self.armed.withLock { armed in armed.first { $0.id == id }.map { ($0.seen, $0.hits) } ?? (0, 0) }
      } release: {
      } disarm: {
        self.armed.withLock { armed in armed.removeAll { $0.id == id } }
      }
    }
  }

  /// Makes a call.
  ///
  /// - Returns: The `errno` that it fails with, or nil.
  func make(_ call: Fault.Call) -> Int32? {
    armed.withLock { armed in
      for index in armed.indices where armed[index].fault.calls.contains(call) {
        armed[index].seen += 1
        let (fault, number) = (armed[index].fault, armed[index].seen)
        guard case .error(let code) = fault.effect, number >= fault.first,
          fault.count.map({ number < fault.first + $0 }) ?? true
        else { continue }
        armed[index].hits += 1
        return code
      }
      return nil
    }
  }

  /// Makes calls until one fails.
  func make(_ calls: [Fault.Call], _ what: String) throws(PersistencyError) {
    for call in calls {
      if let code = make(call) { throw Self.error(code, what) }
    }
  }

  static func error(_ code: Int32, _ what: String, _ outcome: PersistencyError.Outcome = .notApplied)
    -> PersistencyError
  {
    PersistencyError(code == noSpace ? .storageFull : .backend, what, backendCode: Int(code), outcome: outcome)
  }
}
