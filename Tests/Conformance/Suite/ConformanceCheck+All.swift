extension ConformanceCheck {
  /// Every check, in the order of the contract's cases; a new one reaches every adapter from here.
  public static let all: [ConformanceCheck] = [
    point,
    bytesAndOrder,
    range,
    prefix,
    deleteRange,
    categories, imports, rawCategories,
    batch, batchAtomicity,
    expectations, expectationsOfOwnBatch, expectationRaces,
    group, groupAtLarge,
    closed, closingBusy, opening, openingRefused,
    limits, arguments, readOnly, readers, writers,
    durability, capabilities, codec, codecOfParts,
    views, viewCalls, viewNesting, viewEnds, viewClose,
    model,
    faults, crash, power,
  ].flatMap { $0 }
}
