import PersistencyCore

extension History {
  /// A history that still diverges, with as little in it as `budget` tries find: steps are left out by halves, then
  /// by smaller pieces down to one; then ops and batches; then keys, payloads and ranges become simpler.
  func shrunk(budget: Int = 500, _ diverges: (History) -> Bool) -> History {
    var search = Search(best: self, tries: budget)
    while search.leaveOut(diverges) || search.simplify(diverges) {}
    return search.best
  }

  private struct Search {
    var best: History
    var tries: Int

    mutating func accepts(_ steps: [HistoryStep], _ diverges: (History) -> Bool) -> Bool {
      guard tries > 0, steps != best.steps else { return false }
      tries -= 1
      guard diverges(History(steps: steps)) else { return false }
      best = History(steps: steps)
      return true
    }

    /// - Returns: Whether anything could go.
    mutating func leaveOut(_ diverges: (History) -> Bool) -> Bool {
      var smaller = false
      var piece = max(best.steps.count / 2, 1)
      while tries > 0 {
        // From the end: what comes after the divergence goes first.
        var end = best.steps.count
        while end > 0, tries > 0 {
          let begin = max(end - piece, 0)
          var steps = best.steps
          steps.removeSubrange(begin..<end)
          if accepts(steps, diverges) { smaller = true }
          end = begin
        }
        if piece == 1 { break }
        piece /= 2
      }
      return smaller
    }

    /// - Returns: Whether any step became simpler.
    mutating func simplify(_ diverges: (History) -> Bool) -> Bool {
      var simpler = false
      var index = 0
      while index < best.steps.count, tries > 0 {
        var accepted = false
        for candidate in best.steps[index].simpler {
          var steps = best.steps
          steps[index] = candidate
          if accepts(steps, diverges) {
            accepted = true
            simpler = true
            break
          }
        }
        if !accepted { index += 1 }
      }
      return simpler
    }
  }
}

extension HistoryStep {
  /// Steps like this one with less in them; each only smaller, so that trying them ends.
  fileprivate var simpler: [HistoryStep] {
    switch self {
    case .apply(let ops):
      return Self.simpler(ops).map { .apply($0) }
    case .group(let batches, let sync):
      var groups: [[[TxOp]]] = batches.indices.map { index in
        var fewer = batches
        fewer.remove(at: index)
        return fewer
      }
      for index in batches.indices {
        groups += Self.simpler(batches[index]).map { batch in
          var changed = batches
          changed[index] = batch
          return changed
        }
      }
      let single: [HistoryStep] = batches.count == 1 ? [.apply(batches[0])] : []
      return single + (sync ? [.group(batches, sync: false)] : []) + groups.map { .group($0, sync: sync) }
    case .get(let category, let key): return key.simpler.map { .get(category: category, key: $0) }
    case .exists(let category, let key): return key.simpler.map { .exists(category: category, key: $0) }
    case .deleteOne(let category, let key): return key.simpler.map { .deleteOne(category: category, key: $0) }
    case .scan(let category, let range, let reverse, let limit):
      let ranges: [HistoryStep] = range.simpler.map {
        .scan(category: category, range: $0, reverse: reverse, limit: limit)
      }
      let unlimited: HistoryStep = .scan(category: category, range: range, reverse: reverse, limit: nil)
      let one: HistoryStep = .scan(category: category, range: range, reverse: reverse, limit: 1)
      let forward: HistoryStep = .scan(category: category, range: range, reverse: false, limit: limit)
      return ranges + (limit == nil ? [] : [unlimited]) + ((limit ?? 0) > 1 ? [one] : []) + (reverse ? [forward] : [])
    case .count(let category, let range): return range.simpler.map { .count(category: category, range: $0) }
    case .visit(let category, let range, let reverse, let rows):
      let plain: HistoryStep = .scan(category: category, range: range, reverse: reverse, limit: rows)
      return [plain]
        + range.simpler.map { .visit(category: category, range: $0, reverse: reverse, rows: rows) }
    case .visitAll(let rows): return rows == nil ? [] : [.visitAll(rows: nil)]
    case .faulty(let ops, let fault): return [.apply(ops)] + Self.simpler(ops).map { .faulty($0, fault) }
    case .categories, .reopen, .crash, .copy: return []
    }
  }

  private static func simpler(_ ops: [TxOp]) -> [[TxOp]] {
    var batches: [[TxOp]] = []
    if ops.count > 1 {
      batches = ops.indices.map { index in
        var fewer = ops
        fewer.remove(at: index)
        return fewer
      }
    }
    for index in ops.indices {
      batches += ops[index].simpler.map { op in
        var changed = ops
        changed[index] = op
        return changed
      }
    }
    return batches
  }
}

extension TxOp {
  fileprivate var simpler: [TxOp] {
    switch self {
    case .put(let category, let key, let payload):
      let short: [[UInt8]] = payload.count > 1 ? [[], [1]] : payload.isEmpty ? [] : [[]]
      return short.map { .put(category: category, key: key, payload: $0) }
        + key.simpler.map { .put(category: category, key: $0, payload: payload) }
    case .delete(let category, let key): return key.simpler.map { .delete(category: category, key: $0) }
    case .deleteRange(let category, let range): return range.simpler.map { .deleteRange(category: category, range: $0) }
    case .expect(let category, let key, let payload):
      return key.simpler.map { .expect(category: category, key: $0, payload: payload) }
    }
  }
}

extension Key {
  /// Shorter keys: none, the first byte, half.
  fileprivate var simpler: [Key] {
    var lengths: [Int] = []
    if bytes.count > 0 { lengths.append(0) }
    if bytes.count > 1 { lengths.append(1) }
    if bytes.count > 3 { lengths.append(bytes.count / 2) }
    if bytes.count > 8 { lengths.append(bytes.count - 1) }
    return lengths.map { Key(rawBytes: bytes.prefix($0)) }
  }
}

extension KeyRange {
  /// Wider or plainer ranges.
  fileprivate var simpler: [KeyRange] {
    if self == .all { return [] }
    var ranges: [KeyRange] = [.all]
    if stop != nil { ranges.append(KeyRange(start: start, stop: nil)) }
    if !start.bytes.isEmpty { ranges.append(KeyRange(start: Key(), stop: stop)) }
    return ranges + start.simpler.map { KeyRange(start: $0, stop: stop) }
      + (stop.map { $0.simpler.map { KeyRange(start: start, stop: $0) } } ?? [])
  }
}
