import PersistencyCore

extension BrokenBackend {
  /// Stores that answer a failing disk wrongly.
  static let faults: [BrokenBackend] = Flaw.allCases.map { flaw in
    BrokenBackend("fault.\(flaw.rawValue)", flaw.breaks, fixture: .onPretendDisk(flaw), control: .onPretendDisk(nil))
  }

  enum Flaw: String, CaseIterable, Sendable {
    case fullDiskLatches = "disk-full-latches"
    case fullDiskApplies = "disk-full-applies"
    case fullDiskKeepsHalf = "disk-full-keeps-half"
    case failedSyncForgotten = "failed-sync-forgotten"
    case appliedThoughNotApplied = "sync-fails-not-applied"
    case goesOnAfterUnknown = "sync-fails-goes-on"
    case readsFailAfterwards = "write-fails-reads-too"
    case readErrorIsMissing = "read-fails-is-missing"
    case wrongKind = "write-fails-is-corrupted"
    case writesForNothing = "needless-calls"
    case openingLoses = "opening-fails-loses"
    case closingLoses = "closing-fails-loses"

    var breaks: String {
      switch self {
      case .fullDiskLatches: "After a full disk no write succeeds until the store is reopened."
      case .fullDiskApplies: "A batch that found the disk full is applied all the same."
      case .fullDiskKeepsHalf: "Half of a batch that found the disk full stays."
      case .failedSyncForgotten: "A failed sync is reported as success, and the batch is gone after a reopen."
      case .appliedThoughNotApplied: "A batch whose sync failed is reported as not applied, and is there."
      case .goesOnAfterUnknown: "After a commit with an unknown outcome the next write succeeds."
      case .readsFailAfterwards: "After a commit with an unknown outcome reads fail."
      case .readErrorIsMissing: "A row that cannot be read is reported as missing."
      case .wrongKind: "A failed write is reported as a damaged store."
      case .writesForNothing: "An empty batch is written."
      case .openingLoses: "An opening that fails takes the rows along."
      case .closingLoses: "A close that cannot write forgets the last batch, which was acknowledged."
      }
    }
  }
}

extension BackendFixture {
  /// The yardstick on a disk that can fail, with one flaw or none.
  static func onPretendDisk(_ flaw: BrokenBackend.Flaw?) -> BackendFixture {
    let disk = PretendDisk()
    return BackendFixture(
      name: flaw.map { "fault.\($0.rawValue)" } ?? "on a pretend disk",
      capabilities: Capabilities(persistent: true, rawCategories: true), faults: disk.injector,
      open: { directory, options throws(PersistencyError) in
        let kept = KeptRow.read(from: directory)
        if options.mustExist || !kept.isEmpty {
          if flaw == .openingLoses, disk.make(.open) != nil {
            KeptRow.write([], to: directory)
            throw PretendDisk.error(5, "opening")
          }
          try disk.make([.open, .read], "opening")
        } else {
          try disk.make([.open, .write, .sync], "making")
        }
        let store = ReferenceBackend(options: options)
        let rows = ReferenceBackend()
        try rows.importRows(kept.map(\.raw))
        store.adopt(rows)
        return TamperedBackend(PretendStore(store, disk, directory, flaw).calls)
      })
  }
}

/// One open store on a ``PretendDisk``.
private final class PretendStore: Sendable {
  private let store: ReferenceBackend
  private let disk: PretendDisk
  private let directory: String
  private let flaw: BrokenBackend.Flaw?
  private let isLatched = Shared(false)
  private let isClosed = Shared(false)
  /// What is there after a reopening, where that is not what was read.
  private let forgotten = Shared<[KeptRow]?>(nil)

  init(_ store: ReferenceBackend, _ disk: PretendDisk, _ directory: String, _ flaw: BrokenBackend.Flaw?) {
    self.store = store
    self.disk = disk
    self.directory = directory
    self.flaw = flaw
  }

  var calls: BackendCalls {
    var calls = BackendCalls(store)
    calls.applyOps = { ops throws(PersistencyError) in try self.apply(ops) }
    calls.deleteOne = { category, key throws(PersistencyError) in
      let exists = try self.store.existsOne(category: category, key: key)
      try self.apply([.delete(category: category, key: key)])
      return exists
    }
    calls.getOne = { category, key throws(PersistencyError) in
      do throws(PersistencyError) {
        try self.read()
      } catch {
        if self.flaw == .readErrorIsMissing { return nil }
        throw error
      }
      return try self.store.getOne(category: category, key: key)
    }
    calls.visitAll = { visit throws(PersistencyError) in
      try self.read()
      try self.store.visitAll(visit)
    }
    calls.close = { self.close() }
    return calls
  }

  private func read() throws(PersistencyError) {
    if flaw == .readsFailAfterwards, isLatched.withLock({ $0 }) { throw PretendDisk.error(5, "reading") }
    try disk.make([.read], "reading")
  }

  private func apply(_ ops: [TxOp]) throws(PersistencyError) {
    try store.limits.check(ops)
    if ops.isEmpty && flaw != .writesForNothing { return try store.applyOps(ops) }
    if isLatched.withLock({ $0 }), flaw != .goesOnAfterUnknown {
      throw PretendDisk.error(5, "an earlier commit failed")
    }
    if let code = disk.make(.write) { try failWrite(code, ops) }
    let before = flaw == .failedSyncForgotten ? try? KeptRow.all(of: store) : nil
    try store.applyOps(ops)
    guard let code = disk.make(.sync) else { return }
    if flaw == .failedSyncForgotten {
      forgotten.withLock { $0 = $0 ?? before }
      return
    }
    isLatched.withLock { $0 = true }
    throw PretendDisk.error(code, "syncing", flaw == .appliedThoughNotApplied ? .notApplied : .unknown)
  }

  private func failWrite(_ code: Int32, _ ops: [TxOp]) throws(PersistencyError) {
    if flaw == .wrongKind { throw PersistencyError(.corrupted, "writing") }
    guard code == noSpace else {
      isLatched.withLock { $0 = true }
      throw PretendDisk.error(code, "writing", .unknown)
    }
    switch flaw {
    case .fullDiskLatches: isLatched.withLock { $0 = true }
    case .fullDiskApplies: try store.applyOps(ops)
    case .fullDiskKeepsHalf: try store.applyOps(Array(ops.prefix(ops.count / 2)))
    default: break
    }
    throw PretendDisk.error(code, "writing")
  }

  private func close() {
    let wasClosed = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return isClosed
    }
    if wasClosed { return }
    var rows = forgotten.withLock { $0 } ?? (try? KeptRow.all(of: store)) ?? []
    if disk.make(.write) != nil, flaw == .closingLoses { rows = Array(rows.dropLast()) }
    KeptRow.write(rows, to: directory)
    store.close()
  }
}
