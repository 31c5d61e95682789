import CPersistencyLMDB

/// Examines the pages that one commit can reach, before LMDB is let at them.
///
/// LMDB trusts its file: on a page that was overwritten it ends the process, reads past the map, or gives one page out
/// twice. So every page must be what its parent says, its nodes lie in it side by side, its keys go up from page to
/// page, and no page be in two places, the list of free pages included.
struct LMDBAudit: ~Copyable {
  private let pages: LMDBPages
  private let meta: LMDBMeta
  /// How many pages may be read beside the branches, of which there are few.
  private var budget: Int
  private var findings: [CheckFinding] = []
  /// What is in use, by page, as far as the file goes; free pages past its end were never written.
  private var claimed: [UInt64]
  private var claimedPastEnd: Set<UInt64> = []
  /// One page for each level of a tree, one for a key, and the sizes of nodes (``LMDBPage``).
  private let buffers: UnsafeMutableRawBufferPointer
  private let sizes: UnsafeMutableBufferPointer<UInt16>
  private var order: LMDBKeyOrder
  private var met = (branches: UInt64(0), leaves: UInt64(0), overflows: UInt64(0), entries: UInt64(0))
  private var isComplete = true

  private static let deepest = 32
  private static let mostFindings = 100

  /// What is wrong with the pages that a read transaction sees.
  ///
  /// - Parameter budget: How many pages may be read beside the branches; with nil none is but those that LMDB needs to find
  ///   the format record.
  /// - Returns: nil when a writer has made two commits since the transaction began: its head is in the file no more.
  static func findings(
    _ environment: OpaquePointer?, _ reader: OpaquePointer, _ folder: LMDBFolder, budget: Int?
  ) throws(PersistencyError) -> [CheckFinding]? {
    var descriptor: mdb_filehandle_t = -1
    mdb_env_get_fd(environment, &descriptor)
    let number = UInt64(mdb_txn_id(reader))
    // Asked after the transaction began: only then has the file all the pages that it sees.
    let pages = LMDBPages(descriptor: descriptor, size: try folder.dataSize())
    let found = pages.metas()
    try pages.expectNoFailure(reading: folder.data)
    guard let metas = found, LMDBMeta.isPair(metas[0], metas[1]) else { return [CheckFinding("its head is damaged")] }
    let meta = metas[Int(number & 1)]
    guard meta.transaction == number || number == 0 else { return nil }
    var audit = LMDBAudit(pages, meta, budget: budget ?? 0)
    if budget == nil { audit.run(onlyTo: LMDBLayout.formatKey) } else { audit.run() }
    try pages.expectNoFailure(reading: folder.data)
    return audit.findings
  }

  /// Asks for findings in one snapshot after another, until one is not overtaken by a writer.
  static func untilFound(
    _ findings: () throws(PersistencyError) -> [CheckFinding]?
  ) throws(PersistencyError) -> [CheckFinding] {
    for _ in 0..<100 {
      if let found = try findings() { return found }
    }
    throw PersistencyError(.backend, "the store is written too fast to be examined; try again when it is quieter")
  }

  private init(_ pages: LMDBPages, _ meta: LMDBMeta, budget: Int) {
    self.pages = pages
    self.meta = meta
    self.budget = budget
    claimed = [UInt64](repeating: 0, count: pages.size / meta.pageSize / 64 + 1)
    buffers = .allocate(byteCount: meta.pageSize * (Self.deepest + 1), alignment: 8)
    order = LMDBKeyOrder(
      areNumbers: false, room: UnsafeMutableRawBufferPointer(rebasing: buffers.suffix(meta.pageSize)))
    sizes = .allocate(capacity: meta.pageSize / 2)
    sizes.initialize(repeating: 0)
  }

  deinit {
    buffers.deallocate()
    sizes.deallocate()
  }

  /// - Complexity: reads every page but those of large payloads, of which it reads the first; a bit of memory for each.
  private mutating func run() {
    if budget >= pages.size / meta.pageSize { pages.prefetch() }
    examine(meta.free, isFree: true)
    examine(meta.main, isFree: false)
  }

  /// Looks only at the pages on the way to one row's key: LMDB may then be asked for it.
  private mutating func run(onlyTo key: [UInt8]) {
    guard !meta.main.isEmpty, meta.main.depth >= 1, meta.main.depth <= Self.deepest else { return }
    var number = meta.main.root
    for height in (0..<meta.main.depth).reversed() {
      guard claim(number, mustBeWritten: true), let page = page(number, height: height) else { return }
      if height == 0 { return }
      number = page.node(0).child
      for index in 1..<page.count where lmdbOrder(page.node(index).key, key) <= 0 { number = page.node(index).child }
    }
  }

  private mutating func examine(_ tree: LMDBMeta.Tree, isFree: Bool) {
    order = LMDBKeyOrder(
      areNumbers: isFree, room: UnsafeMutableRawBufferPointer(rebasing: buffers.suffix(meta.pageSize)))
    met = (0, 0, 0, 0)
    let name = isFree ? "the list of free pages" : "the tree of rows"
    if tree.isEmpty {
      if tree.depth != 0 || tree.entries != 0 { find("\(name) is empty, and has \(tree.entries) entries all the same") }
      return
    }
    guard tree.depth >= 1, tree.depth <= Self.deepest else { return find("\(name) has a depth of \(tree.depth)") }
    visit(tree.root, height: tree.depth - 1, isFree)
    guard isComplete, findings.isEmpty else { return }
    if met != (tree.branches, tree.leaves, tree.overflows, tree.entries) {
      find(
        "\(name) has \(met.entries) entries in \(met.leaves) leaves, and its head says \(tree.entries) in \(tree.leaves)"
      )
    }
  }

  // MARK: Pages

  private mutating func visit(_ number: UInt64, height: Int, _ isFree: Bool) {
    if findings.count >= Self.mostFindings { return }
    guard claim(number, mustBeWritten: true), height > 0 || spend(), let page = page(number, height: height) else {
      return
    }
    if height == 0 {
      visitLeaf(page, isFree)
    } else {
      visitBranch(page, height: height, isFree)
    }
  }

  /// The page, until another of its height is asked for; nil, and a finding, when it is damaged.
  private mutating func page(_ number: UInt64, height: Int) -> LMDBPage? {
    let start = height * meta.pageSize
    let buffer = UnsafeMutableRawBufferPointer(rebasing: buffers[start..<(start + meta.pageSize)])
    guard pages.read(at: Int(number) * meta.pageSize, into: buffer) else {
      find("page \(number) cannot be read")
      return nil
    }
    let page = LMDBPage(bytes: UnsafeRawBufferPointer(buffer))
    if page.isWellFormed(height == 0 ? .leaf : .branch, number: number, sizes: sizes) { return page }
    find("page \(number) is damaged")
    return nil
  }

  private mutating func visitBranch(_ page: LMDBPage, height: Int, _ isFree: Bool) {
    met.branches += 1
    // LMDB goes by this itself: a branch of the rows' tree has two ways at least.
    if page.count < (isFree ? 1 : 2) { return find("page \(page.number) leads to one page only") }
    for index in 0..<page.count {
      let node = page.node(index)
      // The first key of a branch is not looked at.
      if index > 0 && !order.takes(separator: node.key) {
        find("page \(page.number) has its keys out of order, or one of \(node.key.count) bytes")
      }
      visit(node.child, height: height - 1, isFree)
    }
  }

  private mutating func visitLeaf(_ page: LMDBPage, _ isFree: Bool) {
    met.leaves += 1
    met.entries += UInt64(page.count)
    for index in 0..<page.count {
      let node = page.node(index)
      guard order.takes(node.key) else {
        find("page \(page.number) has its keys out of order, or one of \(node.key.count) bytes")
        break
      }
      if node.isLarge {
        visitLarge(node, isFree)
      } else if isFree {
        claimFree(node.data)
      }
    }
    order.keep()
  }

  /// The data of a node that are in a run of pages of their own.
  private mutating func visitLarge(_ node: LMDBPage.Node, _ isFree: Bool) {
    let number = node.overflow
    guard spend() else { return }
    let run = isInFile(number) ? runLength(at: number) : 0
    let needed = (LMDBPage.header + node.dataSize + meta.pageSize - 1) / meta.pageSize
    guard run >= needed, UInt64(run) <= meta.lastPage - number + 1 else {
      return find("page \(number) does not begin data of \(node.dataSize) bytes")
    }
    met.overflows += UInt64(run)
    for page in number..<(number + UInt64(run)) {
      // LMDB writes the whole run, be it longer than the data or not.
      guard claim(page, mustBeWritten: true) else { return }
    }
    guard isFree else { return }
    let data = UnsafeMutableRawBufferPointer.allocate(byteCount: node.dataSize, alignment: 8)
    defer { data.deallocate() }
    guard pages.read(at: Int(number) * meta.pageSize + LMDBPage.header, into: data) else {
      return find("page \(number) cannot be read")
    }
    claimFree(UnsafeRawBufferPointer(data))
  }

  /// How many pages of large data begin with this one; 0 when none do.
  private func runLength(at number: UInt64) -> Int {
    withUnsafeTemporaryAllocation(byteCount: LMDBPage.header, alignment: 8) { buffer in
      guard pages.read(at: Int(number) * meta.pageSize, into: buffer) else { return 0 }
      return LMDBPage(bytes: UnsafeRawBufferPointer(buffer)).runLength(number: number)
    }
  }

  // MARK: What is in use

  /// The pages that a commit freed: their count, and their numbers from the greatest down, 8 bytes each.
  private mutating func claimFree(_ list: UnsafeRawBufferPointer) {
    let count = list.count < 8 ? UInt64.max : list.loadUnaligned(as: UInt64.self)
    guard count < list.count / 8 else { return find("a list of free pages is damaged") }
    var previous = UInt64.max
    for index in stride(from: 8, through: Int(count) * 8, by: 8) {
      let number = list.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      guard number < previous else { return find("a list of free pages is out of order") }
      guard claim(number, mustBeWritten: false) else { return }
      previous = number
    }
  }

  private func isInFile(_ number: UInt64) -> Bool {
    number >= 2 && number <= meta.lastPage && number < UInt64(pages.size / meta.pageSize)
  }

  private mutating func claim(_ number: UInt64, mustBeWritten: Bool) -> Bool {
    var isTaken = false
    if isInFile(number) {
      let bit = UInt64(1) << (number & 63)
      isTaken = claimed[Int(number >> 6)] & bit != 0
      claimed[Int(number >> 6)] |= bit
    } else if mustBeWritten || number < 2 || number > meta.lastPage {
      find("page \(number) is not in the file, which has \(pages.size) bytes")
      return false
    } else {
      isTaken = !claimedPastEnd.insert(number).inserted
    }
    if isTaken { find("page \(number) is in use in two places") }
    return !isTaken
  }

  /// - Returns: Whether another page may be read.
  private mutating func spend() -> Bool {
    if budget == 0 { isComplete = false }
    budget -= isComplete ? 1 : 0
    return isComplete
  }

  private mutating func find(_ what: String) {
    findings.append(CheckFinding(what))
  }
}
