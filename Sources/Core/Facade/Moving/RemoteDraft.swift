/// A job on another machine whose store is being filled; until it is complete nobody takes it for one.
struct RemoteDraft {
  private let files: StoredFiles
  private let stores: any RemoteStores

  /// - Throws: `.conflict` when the job exists, here or there.
  init(_ files: StoredFiles, _ stores: any RemoteStores) throws(PersistencyError) {
    (self.files, self.stores) = (files, stores)
    if try JobDraft.leftovers(files) != nil { throw files.taken }
  }

  /// Makes the store, has it filled, and makes it the job's; when that fails nothing is left of it.
  func make<R>(
    _ fill: (any KvBackend) throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    let id = files.id.text
    // What an earlier one left that was cut short.
    if try stores.find(id) != nil { try stores.remove(id, in: [.filling, .dropping]) }
    let store = try stores.open(id, StoreOptions(durability: .consistent), .filling)
    do throws(PersistencyError) {
      defer { store.close() }
      let result = try fill(store)
      // Durable, before it is a job: an empty group at full durability takes everything before it along.
      try store.sync()
      store.close()
      try stores.mark(id, .ready, successor: nil)
      return result
    } catch {
      store.close()
      try? stores.remove(id, in: [.filling, .dropping])
      throw error
    }
  }
}
