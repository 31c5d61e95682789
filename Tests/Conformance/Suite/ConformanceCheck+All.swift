extension ConformanceCheck {
  /// Every check but those of tier `heavy`, in the order of the contract's cases.
  public static let all: [ConformanceCheck] = everything.filter { $0.tier != .heavy }

  /// Every check; a new one reaches every adapter from here.
  public static let everything: [ConformanceCheck] = [
    point,
    bytesAndOrder,
    range,
    prefix,
    deleteRange,
    categories, imports, wholeImports, rawCategories,
    batch, batchAtomicity,
    expectations, expectationsOfOwnBatch, expectationRaces,
    group, groupAtLarge,
    closed,
    closingBusy.notThroughJob(closesInside, "closing.both-inside").notThroughJob(
      "a job that is let go keeps its store until what it queued is committed", "closing.last-reference"),
    opening.notThroughJob("job.leaks-nothing asks it of jobs", "opening.leaks-nothing"),
    openingRefused.notThroughJob("a job that is not stored is .jobNotFound", "opening.missing-is-corrupted")
      .notThroughJob("a job makes its root", "opening.without-directory"),
    limits, arguments,
    readOnly.notThroughJob("a job that is not stored is .jobNotFound", "read-only.missing-is-refused"),
    readers, writers, longRaces,
    durability, capabilities, codec, codecOfParts,
    views, viewCalls, viewNesting, viewEnds,
    viewClose.notThroughJob(closesInside),
    model,
    faults.notThroughJob("the files of the job itself would fail too"),
    crash.notThroughJob(ofProcesses), power.notThroughJob(ofProcesses),
    leaks.notThroughJob(ofProcesses),
    jobs, jobLives, jobsByID, jobQueues, jobVolumes, jobRanges, jobsShared,
  ].flatMap { $0 }

  private static let ofProcesses = "the other process opens the bare store"
  private static let closesInside = "a visitor cannot wait for its job to be closed: that waits for the visitor"
}
