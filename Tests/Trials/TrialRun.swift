import Foundation
import Synchronization

/// Runs trials on a few threads at once, and says which is done.
struct TrialRun {
  let parallel: Int

  func run<Trial: Sendable, Tally: Sendable>(
    _ trials: [Trial], _ body: @escaping @Sendable (Trial) throws -> Tally
  ) throws -> [Tally] {
    let results = Mutex<[Int: Result<Tally, any Error>]>([:])
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = parallel
    for (index, trial) in trials.enumerated() {
      queue.addOperation {
        let result = Result { try body(trial) }
        results.withLock { $0[index] = result }
      }
    }
    queue.waitUntilAllOperationsAreFinished()
    return try trials.indices.compactMap { index in try results.withLock { $0[index] }?.get() }
  }
}
