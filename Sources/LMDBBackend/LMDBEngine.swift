import CPersistencyLMDB

extension Engine {
  /// LMDB with its default options: a folder `<name>.lmdb` with `data.mdb` and `lock.mdb`.
  public static var lmdb: Engine { .lmdb(LMDBOptions()) }

  /// LMDB with options of your own.
  public static func lmdb(_ options: LMDBOptions) -> Engine {
    Engine(
      name: "lmdb", fileSuffix: ".lmdb",
      capabilities: Capabilities(
        readOnlyBesideWriter: true, rawCategories: true, maintenance: [.sizeOnDisk, .check, .backup]),
      version: version, isExpendable: { $0 == "lock.mdb" }
    ) { path, store throws(PersistencyError) in
      try LMDBBackend(path: path, store: store, options: options)
    }
  }

  private static var version: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    _ = mdb_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}
