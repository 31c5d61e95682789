import Foundation
public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Kills a process that writes, again and again, and looks at what it left: on one layer of one engine, at one level.
///
/// What the child does, and when it is killed, is drawn from the seed: at random moments, after so many of its lines, and, where `strace`
/// is there, at the n-th of its writes, syncs, renames.
public struct CrashTrial: Sendable {
  public let fixture: BackendFixture
  public let layer: TrialLayer
  public let durability: Durability
  public let seed: UInt64
  public let cycles: Int

  public init(
    _ fixture: BackendFixture, layer: TrialLayer, durability: Durability, seed: UInt64, cycles: Int
  ) {
    self.fixture = fixture
    self.layer = layer
    self.durability = durability
    self.seed = seed
    self.cycles = cycles
  }

  /// Runs, and blocks the thread meanwhile: some tenths of a second a cycle.
  ///
  /// - Throws: when trials cannot be made at all; what they find is in the tally.
  public func run() throws -> TrialTally {
    guard let program = fixture.writer else { throw TrialFailure("the fixture has no program to kill") }
    var random = SeededGenerator(seed: seed)
    var tally = TrialTally()
    var place = TrialPlace()
    defer { place.remove() }
    var subject: TrialSubject?
    for cycle in 0..<cycles {
      if subject == nil || random.next() % 7 == 0 {
        place.remove()
        place = try TrialPlace.make()
        subject = TrialSubject(fixture, program, layer, durability, place, random: &random)
      }
      guard var current = subject else { break }
      let kill = Kill(&random)
      let faults = try self.cycle(&current, kill, run: random.next(), staysOpen: random.next() % 3 == 0, &tally)
      tally.count(
        faults, "\(fixture.name) \(layer.rawValue) .\(durability.rawValue) seed=\(seed) cycle=\(cycle), killed \(kill)")
      subject = faults.isEmpty ? current : nil
      if !faults.isEmpty {
        tally.findings.append("  its store is kept in \(place.path)")
        place.keep()
      }
    }
    return tally
  }

  private func cycle(
    _ subject: inout TrialSubject, _ kill: Kill, run: UInt64, staysOpen: Bool, _ tally: inout TrialTally
  ) throws -> [TrialLedger.Fault] {
    let child = try subject.write(run: run, durability: durability, wrapper: kill.wrapper)
    let ended = subject.follow(child) { _, lines, elapsed in
      // A call that is not made so often, or so slowly under a tracer.
      if elapsed > .seconds(3) { return true }
      switch kill {
      case .lines(let count): return lines >= count
      case .time(let time): return elapsed >= time
      case .systemCall: return false
      }
    }
    child.kill(SIGKILL)
    subject.drain(child)
    let ending = child.wait()
    tally.cycles += 1
    if ending != .killed(SIGKILL) { tally.missed += 1 }
    if ended, ending == .killed(SIGKILL), case .systemCall = kill { tally.atSystemCalls += 1 }
    var faults: [TrialLedger.Fault] = []
    if case .killed(let signal) = ending, signal != SIGKILL {
      faults.append(.damaged("the writing process died of signal \(signal)"))
    }
    // Left as a crash left it once more, and then looked at in full.
    if staysOpen { faults += try subject.verify(after: .death, durability: durability, staysOpen: true) }
    return faults + (try subject.verify(after: .death, durability: durability))
  }

  /// When a child is killed.
  enum Kill: CustomStringConvertible {
    case lines(Int)
    case time(Duration)
    case systemCall(String, Int)

    private static let calls = [
      "fdatasync", "fsync", "pwrite64", "write", "ftruncate", "rename", "unlink", "openat", "mkdir", "close",
    ]

    init(_ random: inout SeededGenerator) {
      switch random.next() % 10 {
      case 0...3: self = .lines(Int.random(in: 1...random.scale(600), using: &random))
      case 4...6: self = .time(.milliseconds(Int.random(in: 0...random.scale(250), using: &random)))
      default:
        let call = Self.calls[Int(random.next() % UInt64(Self.calls.count))]
        let count = Int.random(in: 1...random.scale(call == "write" ? 400 : 60), using: &random)
        self = Self.hasStrace ? .systemCall(call, count) : .lines(count)
      }
    }

    /// What starts the child so that it is killed.
    var wrapper: [String] {
      guard case .systemCall(let call, let count) = self else { return [] }
      // With -D the child stays ours to wait for. A filter in the kernel would swallow the signal.
      return [
        "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
        "inject=\(call):signal=KILL:when=\(count)",
      ]
    }

    var description: String {
      switch self {
      case .lines(let count): "after \(count) lines"
      case .time(let time): "after \(time)"
      case .systemCall(let call, let count): "at \(call) number \(count)"
      }
    }

    static let hasStrace: Bool = {
      guard
        let probe = try? ChildProcess(["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=write", "echo"])
      else { return false }
      return probe.readToEnd(within: 10) == [""] && probe.wait() == .exited(0)
    }()
  }
}

extension SeededGenerator {
  /// A bound, or a much smaller one, so that small numbers are not rare.
  fileprivate mutating func scale(_ bound: Int) -> Int { next() % 2 == 0 ? bound : max(1, bound / 12) }
}
