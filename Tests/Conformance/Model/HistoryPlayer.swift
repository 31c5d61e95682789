import Foundation
import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One store that plays a history along, in a folder of its own.
struct HistoryPlayer {
  let fixture: BackendFixture
  private(set) var store: any KvBackend
  private let directory: String
  /// Where the store is: each crash and each copy moves it on.
  private var place: String
  private var moves = 0

  init(_ fixture: BackendFixture, directory: String) throws {
    self.fixture = fixture
    self.directory = directory
    place = directory + "/0"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    store = try fixture.open(place, .init())
  }

  /// Makes the call, and what comes with it.
  mutating func play(_ step: HistoryStep, _ tally: inout HistoryTally) -> HistoryAnswer {
    let isStored = fixture.capabilities.persistent
    do {
      switch step {
      case .reopen where isStored:
        try reopen()
        tally.reopened += 1
      case .crash where isStored && !fixture.capabilities.remote:
        try crash()
        tally.crashed += 1
      case .copy:
        try copy()
        tally.copied += 1
      case .faulty(let ops, let fault):
        guard isStored, let injector = fixture.faults else { break }
        if let breach = try apply(ops, during: fault, injector, &tally) { return .failed(breach.kind) }
        return HistoryStep.visitAll(rows: nil).perform(on: store)
      default: break
      }
      return step.perform(on: store)
    } catch let error as PersistencyError {
      return .failed(error.kind)
    } catch {
      return .impossible("\(error)")
    }
  }

  private mutating func reopen() throws {
    store.close()
    store = try fixture.open(place, .init())
  }

  // MARK: Kills

  /// What a kill would leave are the files as they are now: a copy of them is gone on with, and this process's state is forgotten.
  private mutating func crash() throws {
    let next = try nextPlace()
    try Self.copyFiles(of: place, to: next)
    // Its files are nobody's any more, so it closes in any case.
    store.close()
    try FileManager.default.removeItem(atPath: place)
    place = next
    store = try fixture.open(place, .init())
  }

  /// Copies a folder in which no call is under way; an engine's own threads may be, and then it is copied again.
  private static func copyFiles(of folder: String, to copy: String) throws {
    let files = FileManager.default
    for _ in 0..<500 {
      try? files.removeItem(atPath: copy)
      let before = state(of: folder)
      if (try? files.copyItem(atPath: folder, toPath: copy)) != nil, before != nil, before == state(of: folder) {
        return
      }
      Thread.sleep(forTimeInterval: 0.002)
    }
    throw TrialFailure("the files in \(folder) change all the time, although nobody writes")
  }

  private struct FileState: Equatable {
    let number: UInt64
    let bytes: Int
    let modified: [Int]
  }

  /// Nil when a file goes away meanwhile.
  private static func state(of folder: String) -> [String: FileState]? {
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else { return nil }
    var states: [String: FileState] = [:]
    for name in names {
      var status = stat()
      guard lstat(folder + "/" + name, &status) == 0 else { return nil }
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      states[name] = FileState(
        number: UInt64(status.st_ino), bytes: Int(status.st_size), modified: [Int(time.tv_sec), Int(time.tv_nsec)])
    }
    return states
  }

  // MARK: Copies

  private mutating func copy() throws {
    var rows: [RawRow] = []
    try store.visitAll { category, key, payload throws(PersistencyError) in
      rows.append(
        RawRow(
          category: [UInt8](copying: category), key: Key(rawBytes: [UInt8](copying: key)),
          payload: [UInt8](copying: payload)))
      return .next
    }
    let next = try nextPlace()
    let other = try fixture.open(next, .init())
    do throws(PersistencyError) {
      // A few at a time, as the chunks of a copied job come.
      for start in stride(from: 0, to: rows.count, by: 20) {
        try other.importRows(Array(rows[start..<min(start + 20, rows.count)]))
      }
    } catch {
      other.close()
      throw error
    }
    store.close()
    try FileManager.default.removeItem(atPath: place)
    (store, place) = (other, next)
  }

  private mutating func nextPlace() throws -> String {
    moves += 1
    let next = directory + "/\(moves)"
    try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: true)
    return next
  }

  // MARK: Faults

  /// - Returns: An error that says that nothing of the batch was applied, when the batch is there.
  private mutating func apply(
    _ ops: [TxOp], during fault: Fault, _ injector: FaultInjector, _ tally: inout HistoryTally
  ) throws -> PersistencyError? {
    let all = HistoryStep.visitAll(rows: nil)
    let before = all.perform(on: store)
    let (failure, hits) = try injector.during(fault, below: place) { armed in
      (Self.failure(of: ops, on: store), armed.hits)
    }
    guard hits > 0 || failure != nil else { return nil }
    tally.faults += 1
    // The batch may have had nothing to do with the call: a thread of the engine's own made it, and the next write will tell.
    try reopen()
    guard let failure else { return nil }
    tally.failed += 1
    guard all.perform(on: store) == before else {
      // That it is whole shows when all rows are compared.
      return failure.outcome == .notApplied ? failure : nil
    }
    if let failure = Self.failure(of: ops, on: store) { throw failure }
    return nil
  }

  /// What the batch fails of, beside what it would fail of anyway.
  private static func failure(of ops: [TxOp], on store: any KvBackend) -> PersistencyError? {
    do throws(PersistencyError) {
      try store.applyOps(ops)
      return nil
    } catch {
      return error.kind == .conflict || error.kind == .invalidArgument ? nil : error
    }
  }
}
