import ArgumentParser
import PersistencyCore

/// Which keys of a category.
struct RangeArguments: ParsableArguments {
  @Option(help: "Only keys that begin with this KEY.")
  var prefix: String?
  @Option(help: "Only this KEY and those after it.")
  var start: String?
  @Option(help: "Only keys before this KEY.")
  var stop: String?

  var isEverything: Bool { prefix == nil && start == nil && stop == nil }

  /// The keys that all of the options allow.
  func range() throws -> KeyRange {
    var (start, stop) = (try self.start.map(KeyText.key) ?? Key(), try self.stop.map(KeyText.key))
    if let prefix {
      let prefixed = KeyRange(prefix: try KeyText.key(prefix))
      start = max(start, prefixed.start)
      if let end = prefixed.stop { stop = stop.map { min($0, end) } ?? end }
    }
    return KeyRange(start: start, stop: stop)
  }
}
