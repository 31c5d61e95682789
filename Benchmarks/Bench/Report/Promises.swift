/// The figures that were promised of adapters and jobs, from the rows of a run.
struct Promises {
  let rows: [ResultRow]
  let growth: [ResultRow]

  /// Only those that the run can tell.
  var figures: [Figure] {
    EngineChoice.allCases.flatMap { engine in
      overRaw(engine) + memory(engine) + overPeers(engine) + grown(engine)
    }
  }

  // MARK: Over C

  private func overRaw(_ engine: EngineChoice) -> [Figure] {
    let isLMDB = engine == .lmdb
    let remote: [(String, Workload, Int, Double)] = [
      ("get of owned bytes", .readrandom, 1, 1 / 0.9), ("visit, a row", .readseq, 1, 1 / 0.8),
      ("count", .count, 1, 1 / 0.95), ("batch of 100 puts, random", .fillrandom, 100, 1 / 0.8),
    ]
    let bounds: [(String, Workload, Int, Double)] =
      engine == .postgres
      ? remote
      : [
        ("get of owned bytes", .readrandom, 1, 1.10),
        ("visit, a row", .readseq, 1, engine == .sqlite ? 1.15 : 1.10),
        ("scan of 100 rows", .seekrandom, 1, isLMDB ? 3 : 1.6),
        ("count", .count, 1, 1.05),
        ("batch of 1,000 puts, in order", .fillbatch, 1000, isLMDB ? 1.15 : 1.10),
        ("batch of 1,000 puts, random", .fillrandom, 1000, isLMDB ? 1.15 : 1.10),
        ("single put", .fillrandom, 1, 1.15),
      ]
    var figures = bounds.compactMap { name, workload, batch, bound -> Figure? in
      guard let row = row(engine, .backend, workload, batch), let wall = row.ratio, let cpu = row.cpuRatio else {
        return nil
      }
      // Where rounds differ much, processor time tells more.
      let raw = self.row(engine, .raw, workload, batch)
      let isNoisy = max(row.spread, raw?.spread ?? 1) > 1.2
      return Figure(
        engine: engine.rawValue, name: "backend, \(name)", value: isNoisy ? min(wall, cpu) : wall, unit: "× C",
        bound: .atMost(bound), beside: "wall \(Figure.text(wall)), processor \(Figure.text(cpu))")
    }
    if engine == .postgres, let job = row(engine, .job, .burst, 1), let raw = row(engine, .raw, .fillrandom, 1),
      raw.opsPerSecond > 0
    {
      figures.append(
        Figure(
          engine: engine.rawValue, name: "job, single puts that nobody waits for, until drained",
          value: job.opsPerSecond / raw.opsPerSecond, unit: "× C, one transaction each", bound: .atLeast(5),
          beside: "\(rate(job.opsPerSecond))/s, C \(rate(raw.opsPerSecond))/s"))
    }
    if engine != .postgres, let job = row(engine, .job, .acked16, 1), let raw = row(engine, .raw, .acked16, 1),
      raw.p99 > 0
    {
      figures.append(
        Figure(
          engine: engine.rawValue, name: "job, p99 of a put of 16 writers", value: job.p99 / raw.p99, unit: "× C",
          bound: .atMost(1.5), beside: "\(time(job.p99)) µs, C \(time(raw.p99)) µs"))
    }
    return figures
  }

  // MARK: In itself

  private func memory(_ engine: EngineChoice) -> [Figure] {
    guard engine == .memory else { return [] }
    let bounds: [(String, Workload, Double, String)] = [
      ("get", .readrandom, 0.6, "µs"), ("visit, a row", .readseq, 30, "ns"), ("random insert", .fillrandom, 1.5, "µs"),
    ]
    return bounds.compactMap { name, workload, bound, unit in
      guard let row = row(engine, .backend, workload, 1), let wall = row.secondsPerOp else { return nil }
      let cpu = row.cpuSeconds / Double(row.ops)
      let units = unit == "ns" ? 1e9 : 1e6
      return Figure(
        engine: engine.rawValue, name: "backend, \(name)",
        value: (row.spread > 1.2 ? min(wall, cpu) : wall) * units, unit: unit, bound: .atMost(bound),
        beside: "wall \(Figure.text(wall * units)), processor \(Figure.text(cpu * units))")
    }
  }

  /// From the smallest store to the largest: how much more processor time an op costs, over how much more it costs in C.
  private func grown(_ engine: EngineChoice) -> [Figure] {
    let sizes = Set(growth.map(\.rows)).sorted()
    guard let smallest = sizes.first, let largest = sizes.last, smallest < largest else { return [] }
    return [Workload.readrandom, .seekrandom, .overwrite].compactMap { workload in
      func cost(_ layer: Layer, _ rows: Int) -> Double? {
        growth.first {
          $0.engine == engine.rawValue && $0.layer == layer.rawValue && $0.workload == workload.rawValue
            && $0.rows == rows && $0.ops > 0
        }.map { $0.cpuSeconds / Double($0.ops) }
      }
      guard let raw = cost(.raw, largest), let rawBefore = cost(.raw, smallest), let ours = cost(.backend, largest),
        let oursBefore = cost(.backend, smallest)
      else { return nil }
      let (mine, theirs) = (ours / oursBefore, raw / rawBefore)
      return Figure(
        engine: engine.rawValue, name: "backend, \(workload.rawValue), growth of cost", value: mine / theirs,
        unit: "× C's", bound: .atMost(1),
        beside: "\(Figure.text(mine)) × from \(smallest) to \(largest) rows, C \(Figure.text(theirs)) ×")
    }
  }

  // MARK: Over peers

  private func overPeers(_ engine: EngineChoice) -> [Figure] {
    let grdb: [(String, Layer, Workload, Workload, Int, Double)] = [
      ("get", .backend, .readrandom, .readrandom, 1, 3),
      ("scan of 100 rows", .backend, .seekrandom, .seekrandom, 1, 2.5),
      ("single puts through a job", .job, .burst, .fillrandom, 1, 5),
      ("batch of 1,000 puts", .backend, .fillrandom, .fillrandom, 1000, 1),
    ]
    let sorted: [(String, Layer, Workload, Workload, Int, Double)] = [
      ("get", .backend, .readrandom, .readrandom, 1, 1), ("scan of 100 rows", .backend, .seekrandom, .seekrandom, 1, 1),
    ]
    return [(Layer.grdb, grdb), (.sortedDictionary, sorted)].flatMap { peer, bounds in
      bounds.compactMap { name, layer, mine, theirs, batch, bound in
        guard let ours = row(engine, layer, mine, batch), let other = row(engine, peer, theirs, batch),
          ours.opsPerSecond > 0, other.opsPerSecond > 0
        else { return nil }
        // Turns side by side hold where the speed of whole rounds does not.
        let ratio = ours.workload == other.workload ? ours.ratio.flatMap { mine in other.ratio.map { $0 / mine } } : nil
        return Figure(
          engine: engine.rawValue, name: "\(name), over \(peer.rawValue)",
          value: ratio ?? ours.opsPerSecond / other.opsPerSecond, unit: "×", bound: .atLeast(bound),
          beside: "\(rate(ours.opsPerSecond))/s, \(peer.rawValue) \(rate(other.opsPerSecond))/s")
      }
    }
  }

  private func row(_ engine: EngineChoice, _ layer: Layer, _ workload: Workload, _ batch: Int) -> ResultRow? {
    rows.first {
      $0.engine == engine.rawValue && $0.layer == layer.rawValue && $0.workload == workload.rawValue
        && $0.batch == batch
    }
  }
}
