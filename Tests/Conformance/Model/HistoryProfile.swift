/// What a random history is made of; a call or op listed twice comes twice as often.
public struct HistoryProfile: Hashable, Sendable {
  public enum Call: Hashable, Sendable {
    case put, delete, deleteRange, batch, group, get, exists, deleteOne, scan, count, visit, visitAll, categories,
      reopen, crash, copy, faulty
  }

  public enum Op: Hashable, Sendable {
    case put, delete, deleteRange, expectAbsent, expectPayload
  }

  public var calls: [Call]
  /// Of batches.
  public var ops: [Op]
  /// The most ops of a batch.
  public var batch: Int
  /// Keys of hundreds of bytes only, that share most of them.
  public var longKeys: Bool
  /// How many keys of a hundred are such, beside those that are anyway.
  public var longKeyPercent: Int
  /// All categories equally often; else one of them mostly.
  public var manyCategories: Bool
  /// With arguments over a limit, and negative limits, now and then.
  public var oversized: Bool

  public init(
    calls: [Call], ops: [Op] = [.put, .put, .delete], batch: Int = 6, longKeys: Bool = false,
    longKeyPercent: Int = 0, manyCategories: Bool = false, oversized: Bool = false
  ) {
    self.calls = calls
    self.ops = ops
    self.batch = batch
    self.longKeys = longKeys
    self.longKeyPercent = longKeyPercent
    self.manyCategories = manyCategories
    self.oversized = oversized
  }

  /// Everything at once.
  public static let everything = HistoryProfile(
    calls: [
      .put, .put, .put, .put, .delete, .deleteRange, .batch, .batch, .batch, .group, .group, .get, .get, .exists,
      .deleteOne, .scan, .scan, .scan, .count, .visit, .visitAll, .categories, .reopen, .crash,
      .copy, .faulty,
    ],
    ops: [.put, .put, .put, .put, .delete, .delete, .deleteRange, .expectAbsent, .expectPayload], longKeyPercent: 15,
    oversized: true)
}
