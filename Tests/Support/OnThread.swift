import Foundation

/// Runs `body` on a thread of its own, from now on.
///
/// A task that loops until a child process has done its part may hold the last thread of the cooperative pool, on which
/// the child is waited for.
package func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) -> Task<R, any Error> {
  let (results, continuation) = AsyncThrowingStream<R, any Error>.makeStream()
  Thread.detachNewThread {
    do {
      continuation.yield(try body())
      continuation.finish()
    } catch {
      continuation.finish(throwing: error)
    }
  }
  return Task {
    for try await result in results { return result }
    throw CancellationError()
  }
}
