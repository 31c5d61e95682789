extension Persistency {
  static func check(root: String) throws(PersistencyError) {
    guard !root.isEmpty, !root.utf8.contains(0) else {
      throw PersistencyError(.invalidArgument, "the root directory is empty, or holds a NUL; give a path")
    }
    // The nearest ancestor that exists decides: a folder (or a link to one) can hold the root, a file cannot.
    var path = root
    while true {
      if let isFolder = try FileSystem.isFolder(path) {
        guard isFolder else {
          throw PersistencyError(.invalidArgument, "the root directory \(root) cannot be made: \(path) is a file")
        }
        return
      }
      guard let parent = FileSystem.parent(of: path), parent != path else { return }
      path = parent
    }
  }

  static func check(_ engines: [Engine]) throws(PersistencyError) {
    if engines.isEmpty { throw PersistencyError(.invalidArgument, "no engines; name at least one") }
    var names: Set<String> = []
    var suffixes = [StoredFiles.manifestSuffix, StoredFiles.lockSuffix, StoredFiles.draftSuffix]
    for engine in engines {
      guard names.insert(engine.name).inserted, !engine.name.isEmpty else {
        throw PersistencyError(
          .invalidArgument, "two engines are called “\(engine.name)”; names are unique, and not empty")
      }
      guard engine.capabilities.persistent else { continue }
      let suffix = engine.fileSuffix
      guard suffix.utf8.count > 1, !suffix.utf8.contains(UInt8(ascii: "/")), !suffix.utf8.contains(0) else {
        throw PersistencyError(
          .invalidArgument, "engine \(engine.name) is persistent and needs a file suffix like .db, not “\(suffix)”")
      }
      // A suffix that ends another would let two jobs share a file name.
      if let other = suffixes.first(where: { $0.hasSuffix(suffix) || suffix.hasSuffix($0) }) {
        throw PersistencyError(
          .invalidArgument, "the suffix \(suffix) of engine \(engine.name) clashes with \(other); choose another")
      }
      suffixes.append(suffix)
    }
  }

  func checkKnown(_ engine: Engine) throws(PersistencyError) {
    if !engines.contains(where: { $0.name == engine.name }) {
      throw PersistencyError(
        .invalidArgument,
        "engine \(engine.name) is not among this Persistency's: \(engines.map(\.name).joined(separator: ", "))")
    }
  }

  static func check(_ open: Job, fits engine: Engine?, _ options: JobOptions) throws(PersistencyError) {
    if let engine, engine.name != open.engine.name {
      throw PersistencyError(
        .invalidArgument, "job “\(open.id)” is open on engine \(open.engine.name), not \(engine.name)")
    }
    if !options.matches(open.options) {
      throw PersistencyError(
        .invalidArgument, "job “\(open.id)” is open with other options; close it first, or ask for the same")
    }
  }
}
