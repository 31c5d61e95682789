import ArgumentParser
import Foundation
import PersistencyConformance

// The suite starts this same program as the process it kills; its order, in JSON, is then the last argument.
if CommandLine.arguments.last?.hasPrefix("{") == true {
  // Where PostgreSQL is, for who does not say so in the environment of all that it starts.
  if let place = CommandLine.arguments.first(where: { $0.hasPrefix("postgres:") }) {
    setenv("PERSISTENCY_POSTGRES", String(place.dropFirst("postgres:".count)), 1)
  }
  let isTight = CommandLine.arguments.contains(Trials.tight)
  await CrashWriter.main(engines: Trials.engines(tight: isTight) + Trials.planted)
}
// At top level its synchronous namesake would be chosen, which cannot run commands that wait.
func run() async { await Trials.main() }
await run()
