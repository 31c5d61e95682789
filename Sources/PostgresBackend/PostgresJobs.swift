import PersistencyCore

/// The jobs of a namespace on one server.
struct PostgresJobs: RemoteStores {
  let server: PostgresServer
  let namespace: String

  func all() throws(PersistencyError) -> [RemoteStore] {
    let names = PostgresName.jobs(in: namespace)
    return try server.list(from: names.from, to: names.to).compactMap(store)
  }

  func find(_ id: String) throws(PersistencyError) -> RemoteStore? {
    try server.find(.job(id, in: namespace)).flatMap(store)
  }

  func open(
    _ id: String, _ options: StoreOptions, _ state: RemoteStore.State
  ) throws(PersistencyError) -> any KvBackend {
    PostgresBackend(try PostgresStore.open(.job(id, in: namespace), on: server, options, state))
  }

  func mark(_ id: String, _ state: RemoteStore.State, successor: String?) throws(PersistencyError) {
    server.enter()
    defer { server.leave() }
    guard let row = try claimed(id) else {
      throw PersistencyError(.jobNotFound, "no job “\(id)” is stored in \(server.settings.place)")
    }
    defer { server.release(row.job, epoch: row.epoch) }
    try server.mark(row, state, successor: successor)
  }

  func remove(_ id: String, in states: Set<RemoteStore.State>) throws(PersistencyError) {
    server.enter()
    defer { server.leave() }
    guard let row = try claimed(id) else { return }
    // Its state is that of the claim: a change would have raised the epoch that was claimed.
    guard states.contains(row.state) else {
      server.release(row.job, epoch: row.epoch)
      throw PersistencyError(.conflict, "job “\(id)” is \(row.state.rawValue) by now, \(server.settings.place)")
    }
    // Who had it open and was fenced can write nothing any more; who opens it from now on makes it anew.
    try server.mark(row, .dropping, successor: nil)
    try server.remove(row)
  }

  private func claimed(_ id: String) throws(PersistencyError) -> PostgresJobRow? {
    while true {
      guard let row = try server.find(.job(id, in: namespace)) else { return nil }
      if let claimed = try server.claim(row, isFree: !PostgresStore.isOpen(row.token)) { return claimed }
    }
  }

  private func store(_ row: PostgresJobRow) -> RemoteStore? {
    let id = row.name.withUnsafeBytes { PostgresName.id($0, in: namespace) }
    return id.map {
      RemoteStore(id: $0, state: row.state, token: row.token, isOpen: row.isHeld, successor: row.successor)
    }
  }
}
