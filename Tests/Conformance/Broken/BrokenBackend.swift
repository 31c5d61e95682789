import PersistencyCore

/// A backend that breaks one rule on purpose: the suite must notice, or the rule is not really checked.
public struct BrokenBackend: Sendable, CustomStringConvertible {
  /// A name that stays: "order.signed-bytes".
  public let name: String
  /// What it does wrong, as a sentence.
  public let breaks: String
  public let fixture: BackendFixture
  /// The same without the fault: a check that it fails too catches nobody.
  let control: BackendFixture

  public var description: String { "\(name): \(breaks)" }

  init(_ name: String, _ breaks: String, fixture: BackendFixture, control: BackendFixture = .untampered) {
    self.name = name
    self.breaks = breaks
    self.fixture = fixture
    self.control = control
  }

  /// One made of the yardstick, some of whose calls `tamper` replaces; asked at each opening.
  init(
    _ name: String, _ breaks: String, capabilities: Capabilities = BackendFixture.reference.capabilities,
    _ tamper: @escaping @Sendable (_ calls: inout BackendCalls, _ store: ReferenceBackend) -> Void
  ) {
    self.init(
      name, breaks,
      fixture: BackendFixture(
        name: name, capabilities: capabilities,
        open: { _, options throws(PersistencyError) in
          let store = ReferenceBackend(options: options)
          var calls = BackendCalls(store)
          tamper(&calls, store)
          return TamperedBackend(calls)
        }))
  }

  /// All of them; every one must be caught.
  public static let all: [BrokenBackend] = [
    bytes, payloads, batches, expects, groups, deletes, ranges, counts, views, categories, imports, lifecycle,
    faults, facades,
  ].flatMap { $0 }
}

extension BackendFixture {
  /// The yardstick behind the shell that the broken backends wear, with nothing replaced.
  static let untampered = BackendFixture(
    name: "untampered", capabilities: BackendFixture.reference.capabilities,
    open: { _, options throws(PersistencyError) in
      TamperedBackend(BackendCalls(ReferenceBackend(options: options)))
    })
}
