import Foundation
public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cuts the power of the disk under a process that writes, again and again, and looks at what the next boot finds: on one layer of one
/// engine, at one level.
///
/// Needs root and loop devices. Everything is drawn from the seed: when the power goes, what had been written back by
/// then, whether the process was killed before, or had closed its store, and at which level it was opened in between.
public struct PowerTrial: Sendable {
  public let fixture: BackendFixture
  public let layer: TrialLayer
  public let durability: Durability
  public let seed: UInt64
  public let cuts: Int
  private let disk: PowerDisk.Kind
  /// False is a fault on purpose: the machine comes back with the boot id it had.
  package var renewsBoot = true
  /// After how many lines of its writer every cut comes, in place of what the seed draws.
  package var lines: Int?

  /// - Parameters:
  ///   - fixture: Makes the stores.
  ///   - layer: What writes: the backend, or a job.
  ///   - durability: The level to write at.
  ///   - seed: Of what is written, and of when the cuts come.
  ///   - cuts: How often the power goes.
  ///   - onXFS: In place of ext4.
  public init(
    _ fixture: BackendFixture, layer: TrialLayer, durability: Durability, seed: UInt64, cuts: Int, onXFS: Bool = false
  ) {
    self.fixture = fixture
    self.layer = layer
    self.durability = durability
    self.seed = seed
    self.cuts = cuts
    disk = onXFS ? .xfs : .ext4
  }

  /// Why no power can be cut here; nil when it can.
  public static func obstacle(onXFS: Bool = false) -> String? { (onXFS ? PowerDisk.Kind.xfs : .ext4).obstacle }

  /// Runs, and blocks the thread meanwhile: about a second a cut.
  ///
  /// - Throws: when trials cannot be made at all; what they find is in the tally.
  public func run() throws -> TrialTally {
    guard let program = fixture.writer else { throw TrialFailure("the fixture has no program to cut the power of") }
    return try PrivateMounts.run {
      var random = SeededGenerator(seed: seed)
      var tally = TrialTally()
      while tally.cycles < cuts { try runOnOneDisk(program, &random, &tally) }
      return tally
    }
  }

  private func runOnOneDisk(
    _ program: ChildProgram, _ random: inout SeededGenerator, _ tally: inout TrialTally
  ) throws {
    let place = try TrialPlace.make()
    defer { place.remove() }
    let disk = try PowerDisk(disk, in: place.path)
    defer { disk.remove() }
    let directory = disk.path + "/store"
    guard mkdir(directory, 0o700) == 0 else { throw TrialFailure("cannot make \(directory)") }
    // The raw store's folder is its owner's to make durable.
    sync()
    var subject = TrialSubject(fixture, program, layer, durability, place, store: directory, random: &random)
    for _ in 0..<12 where tally.cycles < cuts {
      let plan = lines.map(Plan.init) ?? Plan(&random, isJob: layer.isJob)
      let faults = try cut(&subject, disk, plan, &random)
      tally.count(
        faults,
        "\(fixture.name) \(layer.rawValue) .\(durability.rawValue) \(self.disk.rawValue) seed=\(seed) cut=\(tally.cycles), \(plan)"
      )
      tally.cycles += 1
      // What is wrong stays wrong, and would be counted again.
      if !faults.isEmpty { return }
    }
  }

  private func cut(
    _ subject: inout TrialSubject, _ disk: PowerDisk, _ plan: Plan, _ random: inout SeededGenerator
  ) throws -> [TrialLedger.Fault] {
    let child = try subject.write(run: random.next(), durability: durability, staysOpen: plan.moment == .closed)
    let ended = subject.follow(child) { ledger, lines, elapsed in
      if elapsed > .seconds(5) { return true }
      switch plan.moment {
      case .lines(let count): return lines >= count
      case .opening: return lines > 1 && ledger.phase == .opening
      case .closing: return ledger.phase == .closing
      case .closed: return ledger.phase == .closed
      case .killed(let count, _): return lines >= count
      }
    }
    if case .killed(_, let level) = plan.moment {
      child.kill(SIGKILL)
      subject.drain(child)
      _ = child.wait()
      let faults = try subject.verify(after: .death, durability: level, staysOpen: random.next() % 2 == 0)
      if !faults.isEmpty { return faults }
      disk.writeBack(&random)
      try disk.cut()
    } else {
      if !ended { child.stop() }
      subject.drain(child)
      disk.writeBack(&random)
      try disk.cut()
      child.kill(SIGKILL)
      _ = child.wait()
    }
    try disk.restore(newBoot: renewsBoot)
    return try subject.verify(after: .cut, durability: durability)
  }

  /// When the power goes.
  private struct Plan: CustomStringConvertible {
    enum Moment: Hashable {
      case lines(Int)
      case opening, closing, closed
      /// After the child was killed, and its store opened again at a level.
      case killed(Int, Durability)
    }

    let moment: Moment

    init(lines: Int) { moment = .lines(lines) }

    init(_ random: inout SeededGenerator, isJob: Bool) {
      let lines = Int.random(in: 1...(random.next() % 3 == 0 ? 20 : 700), using: &random)
      switch random.next() % 12 {
      case 0...5: moment = .lines(lines)
      case 6: moment = .opening
      case 7...8: moment = .closing
      case 9: moment = .closed
      default:
        let levels = isJob ? Durability.allCases : [.full, .consistent]
        moment = .killed(lines, levels[Int(random.next() % UInt64(levels.count))])
      }
    }

    var description: String {
      switch moment {
      case .lines(let count): "power cut after \(count) lines"
      case .opening: "power cut while the store was opened again"
      case .closing: "power cut while the store was closed"
      case .closed: "power cut after the store was closed"
      case .killed(let count, let level): "killed after \(count) lines, opened at .\(level.rawValue), then power cut"
      }
    }
  }
}
