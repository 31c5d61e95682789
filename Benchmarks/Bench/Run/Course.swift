/// What one engine goes through in one round: its stores, and what they hold, all layers alike.
struct Course {
  let engine: EngineChoice
  let round: Int
  let data: DataSet
  /// Record *i* is row `order[i]`, in every round another.
  let order: Permutation
  var stands: [Stand] = []
  var content: Content
  /// How many records were loaded or inserted; deletes do not lower it.
  var records = 0
  /// How many of them, from the first on, were deleted one by one.
  var deleted = 0

  init(_ engine: EngineChoice, round: Int, _ data: DataSet) {
    self.engine = engine
    self.round = round
    self.data = data
    order = data.order(round, of: data.capacity)
    content = Content(data)
  }

  mutating func forget() {
    stands = []
    content = Content(data)
    records = 0
    deleted = 0
  }

  /// A record that was not deleted, counted from the last.
  func record(_ index: Int) -> Int { records - 1 - index % max(1, records - deleted) }
}
