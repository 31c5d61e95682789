/// The file or folder that a job's store was opened at, and whether its path still leads there.
///
/// Engines write on into files that somebody has removed, and nothing of that would ever be read again.
struct StorePlace: Sendable {
  private let path: String
  private let identity: FileSystem.Identity

  /// Nil where nothing is at the path: the engine keeps its rows elsewhere.
  init?(_ path: String) {
    guard let identity = try? FileSystem.identity(path) else { return nil }
    self.path = path
    self.identity = identity
  }

  /// One `lstat`: a microsecond, beside a sync that takes a hundred.
  ///
  /// - Throws: `.corrupted` when the store was removed, or something else is in its place.
  func check() throws(PersistencyError) {
    let now: FileSystem.Identity?
    do throws(PersistencyError) {
      now = try FileSystem.identity(path)
    } catch {
      // Who may not look has seen nothing.
      return
    }
    if now == identity { return }
    throw PersistencyError(
      .corrupted,
      "\(path) was removed or replaced while its job is open, so that what is written would be lost; close the job and restore the store from a backup"
    )
  }
}
