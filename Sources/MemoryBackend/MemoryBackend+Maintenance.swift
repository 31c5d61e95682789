extension MemoryBackend {
  /// 0: there is no file.
  public func sizeOnDisk() throws(PersistencyError) -> Int {
    try gate.enter()
    defer { gate.leave() }
    return 0
  }

  /// Examines the structure of every tree: order, bounds, counts, depth.
  public func check(_ report: (CheckFinding) -> Void) throws(PersistencyError) {
    try gate.enterVisit()
    defer { gate.leaveVisit() }
    let trees = store.snapshot().trees
    for flaw in trees.flaws() { report(CheckFinding("categories: \(flaw)")) }
    trees.visit { category in
      let name = String(decoding: category.pointee.key.bytes, as: UTF8.self)
      if category.pointee.value.isEmpty { report(CheckFinding("category “\(name)” is kept without rows")) }
      for flaw in category.pointee.value.flaws() { report(CheckFinding("category “\(name)”: \(flaw)")) }
      return .next
    }
  }
}
