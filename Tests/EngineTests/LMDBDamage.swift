import Foundation

@testable import PersistencyLMDB

/// A store whose file gets one page overwritten.
enum LMDBDamage {
  /// What the store looks like; each has pages that the others have not.
  enum Shape: String, CaseIterable, Sendable {
    case oneLeaf, branches, longKeys, largePayloads, freePages, fewKeysAPage

    func fill(_ backend: LMDBBackend) throws {
      func put(_ key: Key, _ payload: [UInt8]) -> TxOp { .put(category: "c", key: key, payload: payload) }
      switch self {
      case .oneLeaf:
        try backend.applyOps((0..<20).map { put(Key($0), bytes(UInt8($0), 40)) })
      case .branches:
        for step in 0..<8 {
          try backend.applyOps((0..<400).map { put(Key($0 * 10 + step, "key"), bytes(UInt8(step), 100)) })
        }
      case .longKeys:
        for step in 0..<5 {
          try backend.applyOps(
            (0..<40).map { put(raw(bytes(1, 400 + step * 700) + [UInt8($0), UInt8(step)]), bytes(2, 50)) })
        }
      case .largePayloads:
        for step in 0..<8 {
          try backend.applyOps((0..<8).map { put(Key(step, $0), bytes(UInt8(step), 2_000 + step * $0 * 2_500)) })
        }
      case .freePages:
        for step in 0..<12 {
          try backend.applyOps((0..<150).map { put(Key(step, $0), bytes(UInt8(step), 500 + $0 % 7 * 900)) })
        }
        try backend.applyOps([.deleteRange(category: "c", range: KeyRange(start: Key(1), stop: Key(11)))])
        for step in 0..<5 { try backend.applyOps((0..<10).map { put(Key(step, 1_000 + $0), bytes(3, 100)) }) }
      case .fewKeysAPage:
        for step in 0..<6 {
          try backend.applyOps((0..<50).map { put(raw([UInt8(step), UInt8($0)] + bytes(3, 480)), bytes(1, 20)) })
        }
      }
    }
  }

  /// How a page is overwritten.
  enum Kind: CaseIterable, Sendable {
    case zeros, ones, random, anotherPage, anotherPagesBody, fewBytes, head, halfRandom
  }

  static let pageSize = 4_096

  static func overwrite(
    _ page: Int, _ kind: Kind, of pristine: [UInt8], _ random: inout Seeded
  ) -> [UInt8] {
    var file = pristine
    let base = page * pageSize
    let other = Int.random(in: 0..<(pristine.count / pageSize), using: &random) * pageSize
    func fill(_ range: Range<Int>) {
      for offset in range { file[base + offset] = UInt8.random(in: 0...255, using: &random) }
    }
    switch kind {
    case .zeros: file.replaceSubrange(base..<(base + pageSize), with: bytes(0, pageSize))
    case .ones: file.replaceSubrange(base..<(base + pageSize), with: bytes(0xFF, pageSize))
    case .random: fill(0..<pageSize)
    case .halfRandom: fill((pageSize / 2)..<pageSize)
    case .anotherPage: file.replaceSubrange(base..<(base + pageSize), with: pristine[other..<(other + pageSize)])
    case .anotherPagesBody:
      file.replaceSubrange((base + 10)..<(base + pageSize), with: pristine[(other + 10)..<(other + pageSize)])
    case .fewBytes:
      for _ in 0..<4 {
        file[base + Int.random(in: 0..<pageSize, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    case .head:
      for _ in 0..<3 {
        file[base + Int.random(in: 0..<160, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return file
  }

  /// Uses a store in every way: opens, reads, checks and writes it, and opens it again.
  ///
  /// - Returns: The kinds of what was thrown and, where the check found something, `.corrupted`.
  static func use(_ path: String, _ random: inout Seeded) -> Set<PersistencyError.Kind> {
    var kinds: Set<PersistencyError.Kind> = []
    func attempt(_ body: () throws(PersistencyError) -> Void) {
      do { try body() } catch { kinds.insert(error.kind) }
    }
    func check(_ backend: LMDBBackend) {
      attempt { () throws(PersistencyError) in try backend.check { _ in kinds.insert(.corrupted) } }
    }
    var opened: LMDBBackend?
    let options = StoreOptions(durability: .volatile, mustExist: true)
    attempt { () throws(PersistencyError) in opened = try LMDBBackend(path: path, store: options) }
    guard let backend = opened else { return kinds }
    if Bool.random(using: &random) { check(backend) }
    var keys: [Key] = []
    var sum = 0
    func readAll() {
      attempt { () throws(PersistencyError) in
        try backend.visitAll { _, key, payload in
          keys.append(raw([UInt8](copying: key)))
          sum &+= [UInt8](copying: payload).count
          return .next
        }
      }
    }
    readAll()
    attempt { () throws(PersistencyError) in
      for category in try backend.categories() {
        sum &+= try backend.scanRange(category: category, range: .all, reverse: true).count
      }
    }
    for key in keys.shuffled(using: &random).prefix(20) {
      attempt { () throws(PersistencyError) in sum &+= try backend.getOne(category: "c", key: key)?.count ?? 0 }
    }
    for step in 0..<15 {
      let ops = (0..<Int.random(in: 1...8, using: &random)).map { index -> TxOp in
        let key = keys.randomElement(using: &random) ?? Key(index)
        return switch random.next() % 5 {
        case 0: .delete(category: "c", key: key)
        case 1: .put(category: "c", key: key, payload: bytes(1, Int.random(in: 0...9_000, using: &random)))
        case 2:
          .put(category: "c", key: raw(bytes(UInt8(step), Int.random(in: 0...3_000, using: &random))), payload: [])
        case 3 where step > 10: .deleteRange(category: "c", range: KeyRange(start: key, stop: nil))
        default: .put(category: "c", key: Key(step, index), payload: bytes(2, 200))
        }
      }
      attempt { () throws(PersistencyError) in try backend.applyOps(ops) }
    }
    readAll()
    check(backend)
    backend.close()
    attempt { () throws(PersistencyError) in
      let again = try LMDBBackend(path: path, store: options)
      check(again)
      again.close()
    }
    return kinds
  }
}
