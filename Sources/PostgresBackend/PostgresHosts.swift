import PersistencyCore

/// The hosts of a connection string, in the order in which they are tried.
///
/// libpq takes the first that takes writes, and an old primary that is back after a failover takes them, too. So a host that a job was found
/// on is tried first from then on, and one that was behind, or did not answer, last.
struct PostgresHosts: Sendable {
  private struct Host: Hashable {
    var name: String?
    var address: String?
    var port: String?
  }

  private let all: [Host]
  /// Indices of `all`.
  private var order: [Int]

  init(_ settings: [(name: String, value: String)]) {
    func parts(_ name: String) -> [String]? {
      settings.first { $0.name == name }?.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let (names, addresses, ports) = (parts("host"), parts("hostaddr"), parts("port"))
    let count = max(names?.count ?? 1, addresses?.count ?? 1)
    all = (0..<count).map { index in
      // One port is that of all hosts.
      let port = ports.map { $0.count == 1 ? $0[0] : index < $0.count ? $0[index] : "" }
      return Host(
        name: names.flatMap { index < $0.count ? $0[index] : nil },
        address: addresses.flatMap { index < $0.count ? $0[index] : nil }, port: port)
    }
    order = Array(all.indices)
  }

  var count: Int { all.count }

  /// The settings with the hosts in the present order.
  func ordered(_ settings: [(name: String, value: String)]) -> [(name: String, value: String)] {
    if count < 2 { return settings }
    return settings.map { setting in
      let part: (Host) -> String?
      switch setting.name {
      case "host": part = { $0.name }
      case "hostaddr": part = { $0.address }
      case "port": part = { $0.port }
      default: return setting
      }
      let parts = order.map { part(all[$0]) }
      // Lists of different lengths are libpq's to refuse.
      if parts.contains(nil) { return setting }
      return (setting.name, parts.map { $0 ?? "" }.joined(separator: ","))
    }
  }

  // MARK: What is known of one

  /// To be tried first.
  mutating func prefer(_ host: (name: String, port: String)) { move(host) { $0.insert($1, at: 0) } }

  /// To be tried last.
  mutating func avoid(_ host: (name: String, port: String)) { move(host) { $0.append($1) } }

  private mutating func move(_ host: (name: String, port: String), _ put: (inout [Int], Int) -> Void) {
    guard count > 1,
      let place = order.firstIndex(where: { index in
        let known = all[index]
        guard known.name == host.name || known.address == host.name else { return false }
        return known.port.map { $0.isEmpty || $0 == host.port } ?? true
      })
    else { return }
    let index = order.remove(at: place)
    put(&order, index)
  }
}
