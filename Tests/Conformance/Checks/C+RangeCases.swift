import PersistencyCore

/// One way for a range to lie over the rows: by its bounds, and the rows that are in it.
struct RangeCase: Sendable {
  /// For the identifier.
  let name: String
  /// For the rule: "a range from a row on".
  let subject: String
  /// For the rule: "that row and those after it".
  let gives: String
  let range: KeyRange
  /// Places in ``rows``, written down and not computed.
  let places: Range<Int>

  var wanted: [KvRow] { Array(Self.rows.list[places]) }
  var isEmpty: Bool { places.isEmpty }

  /// Seven rows, two of which continue another.
  static let rows = Rows(texts: ["b", "d", "d\0", "da", "f", "h", "hh"])

  private init(
    _ name: String, _ subject: String, _ gives: String, _ start: String, _ stop: String?, _ places: Range<Int>
  ) {
    self.name = name
    self.subject = subject
    self.gives = gives
    range = KeyRange(start: .text(start), stop: stop.map { .text($0) })
    self.places = places
  }

  static let all: [RangeCase] = [
    RangeCase("all", "all keys", "every row", "", nil, 0..<7),
    RangeCase("empty-stop", "a range whose stop is empty", "every row from its start on", "d", "", 1..<7),

    // One bound
    RangeCase("from-row", "a range from a row on", "that row and those after it", "da", nil, 3..<7),
    RangeCase("from-between", "a range from between two rows on", "the rows after that place", "c", nil, 1..<7),
    RangeCase("from-first", "a range from the first row on", "every row", "b", nil, 0..<7),
    RangeCase("from-before", "a range from before the first row on", "every row", "a", nil, 0..<7),
    RangeCase("from-last", "a range from the last row on", "that row alone", "hh", nil, 6..<7),
    RangeCase("from-beyond", "a range from beyond the last row on", "nothing", "hha", nil, 7..<7),
    RangeCase("up-to-row", "a range up to a row", "the rows before it, without it", "", "da", 0..<3),
    RangeCase("up-to-between", "a range up to between two rows", "the rows before that place", "", "e", 0..<4),
    RangeCase("up-to-first", "a range up to the first row", "nothing", "", "b", 0..<0),
    RangeCase("up-to-last", "a range up to the last row", "all rows but that", "", "hh", 0..<6),
    RangeCase("up-to-beyond", "a range up to beyond the last row", "every row", "", "z", 0..<7),

    // Two bounds
    RangeCase("rows", "a range from a row up to a row", "the first of the two and the rows between", "d", "f", 1..<4),
    RangeCase("between", "a range with both bounds between rows", "the rows inside", "c", "e", 1..<4),
    RangeCase("first-to-last", "a range from the first row up to the last", "all rows but the last", "b", "hh", 0..<6),
    RangeCase("around", "a range with bounds beyond both ends", "every row", "a", "z", 0..<7),
    RangeCase("before-all", "a range that ends before the first row", "nothing", "A", "a", 0..<0),
    RangeCase("after-all", "a range that begins after the last row", "nothing", "x", "z", 7..<7),
    RangeCase("gap", "a range inside the gap between two rows", "nothing", "fa", "g", 5..<5),
    RangeCase(
      "one-row", "a range from a row up to its successor", "that row alone, not one it begins", "h", "h\0", 5..<6),
    RangeCase(
      "past-row", "a range from a row's successor on", "the rows after it, its continuations too", "d\0", "e", 2..<4),

    // None in it
    RangeCase("same-row", "a range whose start and stop are one row", "nothing", "f", "f", 4..<4),
    RangeCase("same-between", "a range whose start and stop are one place between rows", "nothing", "e", "e", 4..<4),
    RangeCase("inverted", "a range whose start is after its stop", "nothing", "h", "b", 0..<0),
    RangeCase("inverted-by-length", "a range whose start continues its stop", "nothing", "d\0", "d", 1..<1),
  ]
}
