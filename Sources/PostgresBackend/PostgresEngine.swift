import CPersistencyPostgres
public import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Engine {
  /// PostgreSQL, for when one machine is not enough: jobs live on a server, and are the same from whatever machine they are opened.
  ///
  /// - Parameters:
  ///   - connection: As libpq takes it: `host=db1,db2 user=app dbname=app`, or `postgresql://app@db1/app`. It is kept in memory
  ///     only. Off this machine `sslmode` is `verify-full` unless it says otherwise.
  ///   - name: What the engine is called; engines of several names are several clusters beside one another.
  ///   - options: What can be set beyond that.
  /// - Throws: `.invalidArgument` for a connection string that cannot be read; nothing is connected yet.
  public static func postgres(
    connection: String, name: String = "postgres", options: PostgresOptions = .init()
  ) throws(PersistencyError) -> Engine {
    let server = try PostgresServer(connection, options)
    return Engine(
      name: name, fileSuffix: "." + name,
      capabilities: Capabilities(
        durability: [.full, .consistent], readOnlyBesideWriter: true, rawCategories: true,
        maintenance: [.sizeOnDisk, .check], remote: true),
      version: version,
      remote: { root in
        PostgresJobs(server: server, namespace: options.isolatesRoots ? options.namespace + root : options.namespace)
      }
    ) { path, store throws(PersistencyError) in
      let name = PostgresName.path(try canonical(path), in: options.namespace)
      return PostgresBackend(try PostgresStore.open(name, on: server, store, .ready))
    }
  }

  /// The same for every path to one place, whose folder must exist, as any engine's has to.
  private static func canonical(_ path: String) throws(PersistencyError) -> String {
    let cut = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = cut.map { String(path[..<$0]) } ?? "."
    guard let resolved = realpath(folder.isEmpty ? "/" : folder, nil) else {
      throw PersistencyError(.invalidArgument, "there is no folder \(folder); make it, or open the store elsewhere")
    }
    defer { free(resolved) }
    return String(cString: resolved) + "/" + (cut.map { String(path[path.utf8.index(after: $0)...]) } ?? path)
  }

  /// Of libpq: "15.18".
  private static var version: String {
    let number = PQlibVersion()
    return "libpq \(number / 10_000).\(number % 10_000)"
  }
}
