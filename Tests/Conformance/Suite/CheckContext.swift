public import PersistencyCore
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a check's body works with: a fresh directory, stores in it, and expectations that name file and line.
public final class CheckContext: Sendable {
  public let fixture: BackendFixture
  public let seed: UInt64
  /// Fresh, and removed after the check.
  public let directory: String
  private let check: ConformanceCheck
  private let opened = Locked<[any KvBackend]>([])
  /// How many expectations were evaluated: the generated cases behind one rule.
  let expectations = Atomic<Int>(0)
  private let isStuck = Atomic<Bool>(false)

  init(check: ConformanceCheck, fixture: BackendFixture, seed: UInt64) throws {
    self.check = check
    self.fixture = fixture
    self.seed = seed
    directory = FileManager.default.temporaryDirectory.path + "/conformance-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  func cleanUp() {
    if !isStuck.load(ordering: .relaxed) {
      for backend in opened.withLock({ $0 }) { backend.close() }
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// A call will never be back: closing would wait for it.
  func leaveOpen() { isStuck.store(true, ordering: .relaxed) }

  // MARK: Stores

  /// Opens the store of the directory; closed after the check at the latest.
  public func open(_ options: StoreOptions = .init()) throws(PersistencyError) -> any KvBackend {
    let backend = try fixture.open(directory, options)
    closeAfterwards(backend)
    return backend
  }

  func closeAfterwards(_ backend: any KvBackend) { opened.withLock { $0.append(backend) } }

  /// Closes the store and opens it again.
  public func reopen(_ backend: any KvBackend) throws(PersistencyError) -> any KvBackend {
    backend.close()
    return try open()
  }

  // MARK: Expectations

  public func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, file: String = #fileID, line: Int = #line
  ) throws {
    count()
    if !condition { throw failure(message(), file: file, line: line) }
  }

  /// Fails unless the two are equal.
  ///
  /// - Parameters:
  ///   - found: What came.
  ///   - wanted: What should have come.
  ///   - what: What the two are, for the message: "the scan".
  ///   - file: Of the check, for the failure.
  ///   - line: Of the check, for the failure.
  public func expectEqual<Value: Equatable>(
    _ found: Value, _ wanted: Value, _ what: @autoclosure () -> String = "the result", file: String = #fileID,
    line: Int = #line
  ) throws {
    count()
    if found != wanted {
      throw failure(
        "\(what()) is \(Self.shortened(found)), not \(Self.shortened(wanted))", file: file, line: line)
    }
  }

  /// Runs `body` and expects an error of this kind; errors compare by kind, never by message.
  @discardableResult
  public func expectError(
    _ kind: PersistencyError.Kind, _ what: @autoclosure () -> String = "the call", file: String = #fileID,
    line: Int = #line, _ body: () throws -> Void
  ) throws -> PersistencyError {
    count()
    do {
      try body()
    } catch let error as PersistencyError {
      if error.kind == kind { return error }
      throw failure("\(what()) threw \(error), not .\(kind.rawValue)", file: file, line: line)
    }
    throw failure("\(what()) succeeded instead of throwing .\(kind.rawValue)", file: file, line: line)
  }

  private func count() { expectations.add(1, ordering: .relaxed) }

  public func failure(_ message: String, file: String = #fileID, line: Int = #line) -> ConformanceFailure {
    ConformanceFailure(
      adapter: fixture.name, face: fixture.face, check: check.id, rule: check.rule, seed: seed, message: message,
      file: file, line: line)
  }

  private static func shortened(_ value: some Any) -> String {
    let text = String(describing: value)
    return text.count > 300 ? text.prefix(300) + "… (\(text.count) characters)" : text
  }
}
