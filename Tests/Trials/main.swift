import ArgumentParser
import PersistencyConformance

// The suite starts this same program as the process it kills; its order, in JSON, is then the last argument.
if CommandLine.arguments.last?.hasPrefix("{") == true {
  let isTight = CommandLine.arguments.contains(Trials.tight)
  await CrashWriter.main(engines: Trials.engines(tight: isTight) + Trials.planted)
}
Trials.main()
