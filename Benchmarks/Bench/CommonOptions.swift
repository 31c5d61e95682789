import ArgumentParser

/// What all commands that measure have in common; ``Settings`` judges it.
struct CommonOptions: ParsableArguments {
  @Option(help: "An engine, or all, which is all that need no server.")
  var engine: [String] = ["all"]

  @Option(help: "Where PostgreSQL is, as libpq takes it; else $PERSISTENCY_POSTGRES, which other users do not see.")
  var connection: String?

  @Option(parsing: .unconditional, help: "Rows in a loaded store. (default: 200000; 20000 with --quick)")
  var rows: Int?

  @Option(parsing: .unconditional, help: "Bytes of a key.")
  var keySize: Int = 16

  @Option(parsing: .unconditional, help: "Bytes of a payload; half of them compress.")
  var payloadSize: Int = 100

  @Option(help: "What a commit survives: full, consistent or volatile.")
  var durability: String = "consistent"

  @Option(parsing: .unconditional, help: "Seed of keys, payloads and order.")
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: "How often everything is measured; the table shows the median. (default: 3; 2 with --quick)")
  var rounds: Int?

  @Option(
    parsing: .unconditional,
    help: "Seconds that a layer may take for a workload in a round. (default: 0.3; 0.05 with --quick)")
  var seconds: Double?

  @Option(parsing: .unconditional, help: "Readers at once, where several read.")
  var threads: Int = 2

  @Option(help: "Write the results to this file, as JSON.")
  var json: String?

  @Flag(help: "Smaller, to end within a minute on two cores.")
  var quick = false

  @Option(help: "An existing folder for the stores, which are removed at the end. (default: the temporary folder)")
  var directory: String?
}

/// The command line of `measure`.
struct MeasureOptions: ParsableArguments {
  @Option(help: "A workload, or all.")
  var workload: [String] = ["all"]

  @Option(help: "A layer, or all.")
  var layer: [String] = ["all"]

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Ops of one commit, for the workloads that write; repeatable. (default: 1 and 1000)")
  var batch: [Int] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help:
      "Rows at which the growth of costs is looked at; repeatable. (default: 10000, 100000 and 1000000 with all workloads)"
  )
  var growth: [Int] = []

  @Flag(help: "Load the stores that are read in key order, not shuffled: full pages, and tables that do not overlap.")
  var loadInOrder = false

  @Option(help: "Write the results to this file, as a page with charts.")
  var html: String?

  @Flag(help: "Fail when a figure is missed by more than 15 %, and name it.")
  var check = false
}
