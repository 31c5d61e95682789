import Foundation

/// What this process holds, as the system tells it; each list has a name for every item, sorted.
struct Holdings: Hashable, Sendable {
  var descriptors: [String]
  /// Without those that are called as the language's own pools, and of the job facade's, which add some for good when calls are stuck, up to
  /// a bound, and their one clock, which starts when it is first needed.
  var threads: [String]
  /// How many of those there are: a thread has the name of the one that started it, so that one that an engine leaves behind may be called
  /// as they are, and more than their bound are a leak too.
  var pooled: Int
  /// Of files, without the programs' own, which the system splits and joins as it likes.
  ///
  /// What those without a file hold is resident memory.
  var mappings: [String]

  static func now() throws -> Holdings {
    let files = FileManager.default
    let descriptors = try files.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { number in
      // The one that lists them is gone by now.
      try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + number)
    }
    let threads = try files.contentsOfDirectory(atPath: "/proc/self/task").compactMap { number in
      try? String(contentsOfFile: "/proc/self/task/\(number)/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    }
    guard let maps = ProcessFile.text("/proc/self/maps") else {
      throw TrialFailure("the system does not tell the mappings")
    }
    let mappings = maps.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 5)
      return words.count == 6 && !words[5].contains(".so") ? "\(words[1]) \(words[5].drop { $0 == " " })" : nil
    }
    let pools = ["-qos", "kv-writer", "kv-reader", "kv-alarm"]
    let others = threads.filter { name in !pools.contains { name.contains($0) } }
    return Holdings(
      descriptors: descriptors.sorted(), threads: others.sorted(), pooled: threads.count - others.count,
      mappings: mappings.sorted())
  }

  /// The most threads that the pools may have: two of 64, the clock, and the language's own, one a processor and class of work.
  static let mostPooled = 2 * 64 + 1 + 4 * ProcessInfo.processInfo.activeProcessorCount

  /// Resident memory that is no file's, in bytes.
  static func resident() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { throw TrialFailure("the system does not tell the resident memory") }
    return kilobytes * 1024
  }

  /// What one list has over another: "+2 /tmp/x".
  static func differences(_ now: [String], _ before: [String]) -> [String] {
    var counts: [String: Int] = [:]
    for name in now { counts[name, default: 0] += 1 }
    for name in before { counts[name, default: 0] -= 1 }
    return counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { ($1 > 0 ? "+" : "") + "\($1) \($0)" }
  }
}
