import Foundation

/// What this process holds, as the system tells it; each list has a name for every item, sorted.
struct Holdings: Hashable, Sendable {
  var descriptors: [String]
  /// Without those of the language's own pools, and of the job facade's, which add some for good when calls are stuck, up to
  /// a bound, and their one clock, which starts when it is first needed.
  var threads: [String]
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
    let mappings = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").compactMap {
      line in
      let words = line.split(separator: " ", maxSplits: 5)
      return words.count == 6 && !words[5].contains(".so") ? "\(words[1]) \(words[5].drop { $0 == " " })" : nil
    }
    let pooled = ["-qos", "kv-writer", "kv-reader", "kv-alarm"]
    return Holdings(
      descriptors: descriptors.sorted(),
      threads: threads.filter { name in !pooled.contains { name.contains($0) } }.sorted(), mappings: mappings.sorted())
  }

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
