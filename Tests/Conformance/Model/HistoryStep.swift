public import PersistencyCore

/// One call of a random history.
public enum HistoryStep: Hashable, Sendable {
  case apply([TxOp])
  case group([[TxOp]], sync: Bool)
  case get(category: String, key: Key)
  case exists(category: String, key: Key)
  case deleteOne(category: String, key: Key)
  case scan(category: String, range: KeyRange, reverse: Bool, limit: Int?)
  case count(category: String, range: KeyRange)
  /// - Parameter rows: After how many it stops; nil for all.
  case visit(category: String, range: KeyRange, reverse: Bool, rows: Int?)
  case visitAll(rows: Int?)
  case categories
  /// Closes and opens again where rows outlive that; else nothing.
  case reopen
  /// Goes on with the files as they are, without a close, as after a kill; all rows are read then. Where there are none, they are
  /// read only.
  case crash
  /// Goes on with a fresh store that all rows were imported into; they are read then.
  case copy
  /// A batch during which a system call fails, if the fixture can make one; when one has, the store is opened
  /// again, must be as it was before or after the batch, and gets the batch if it has not got it. All rows are read then.
  case faulty([TxOp], Fault)
}

/// What a call gave, to compare: errors by kind, never by message.
enum HistoryAnswer: Hashable, Sendable {
  case done
  case failed(PersistencyError.Kind)
  case outcomes([PersistencyError.Kind?])
  case payload([UInt8]?)
  case flag(Bool)
  case number(Int)
  case rows([[[UInt8]]])
  case names([[UInt8]])
  /// The surroundings failed.
  case impossible(String)
}

extension HistoryStep {
  /// Makes the call.
  func perform(on store: any KvBackend) -> HistoryAnswer {
    do throws(PersistencyError) {
      return try answer(of: store)
    } catch {
      return .failed(error.kind)
    }
  }

  private func answer(of store: any KvBackend) throws(PersistencyError) -> HistoryAnswer {
    switch self {
    case .apply(let ops):
      try store.applyOps(ops)
      return .done
    case .group(let batches, let sync):
      return .outcomes(
        store.applyGroup(batches, sync: sync).map { result in
          if case .failure(let error) = result { error.kind } else { nil }
        })
    case .get(let category, let key): return .payload(try store.getOne(category: category, key: key))
    case .exists(let category, let key): return .flag(try store.existsOne(category: category, key: key))
    case .deleteOne(let category, let key): return .flag(try store.deleteOne(category: category, key: key))
    case .scan(let category, let range, let reverse, let limit):
      let rows = try store.scanRange(category: category, range: range, reverse: reverse, limit: limit)
      return .rows(rows.map { [$0.key.bytes, $0.payload] })
    case .count(let category, let range): return .number(try store.countRange(category: category, range: range))
    case .visit(let category, let range, let reverse, let wanted):
      var rows: [[[UInt8]]] = []
      try store.visitRange(category: category, range: range, reverse: reverse) {
        key, payload throws(PersistencyError) in
        rows.append([[UInt8](copying: key), [UInt8](copying: payload)])
        return rows.count == wanted ? .stop : .next
      }
      return .rows(rows)
    case .visitAll(let wanted):
      var rows: [[[UInt8]]] = []
      try store.visitAll { category, key, payload throws(PersistencyError) in
        rows.append([[UInt8](copying: category), [UInt8](copying: key), [UInt8](copying: payload)])
        return rows.count == wanted ? .stop : .next
      }
      return .rows(rows)
    case .categories: return .names(try store.categories().map { Array($0.utf8) })
    case .reopen: return .done
    case .crash, .copy: return try Self.visitAll(rows: nil).answer(of: store)
    case .faulty(let ops, _):
      do throws(PersistencyError) {
        try store.applyOps(ops)
      } catch {
        if error.kind != .conflict && error.kind != .invalidArgument { throw error }
      }
      return try Self.visitAll(rows: nil).answer(of: store)
    }
  }
}
