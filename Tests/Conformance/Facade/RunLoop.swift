import Foundation
import PersistencyCore

/// Runs an asynchronous call on the thread that waits for it.
///
/// The suite's checks are blocking calls, a job's are not. What a job resumes comes back to this thread and needs no
/// other: neither the cooperative pool, which may all be waiting so, nor a thread made for it. A visitor therefore runs where it was
/// lent, as on a bare backend.
final class RunLoop: TaskExecutor {
  private let waiting = Locked<[UnownedJob]>([])
  private let door = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    waiting.withLock { $0.append(job) }
    door.signal()
  }

  private func runNext() {
    door.wait()
    let next = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    next?.runSynchronously(on: asUnownedTaskExecutor())
  }

  /// Waits for `body`, which runs on the calling thread and on no other.
  static func wait<R: Sendable>(
    for body: @escaping () async throws(PersistencyError) -> R
  ) throws(PersistencyError) -> R {
    let loop = RunLoop()
    let answer = Shared<Result<R, PersistencyError>?>(nil)
    // Safe: the task runs on this thread only, and this call ends after it.
    nonisolated(unsafe) let body = body
    _ = Task(executorPreference: loop) {
      let result: Result<R, PersistencyError>
      do throws(PersistencyError) {
        result = .success(try await body())
      } catch {
        result = .failure(error)
      }
      answer.withLock { $0 = result }
    }
    while true {
      if let result = answer.withLock({ $0 }) { return try result.get() }
      loop.runNext()
    }
  }

  /// Runs `body`, which may block, on a thread of its own, and waits without holding this one.
  static func onOwnThread(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, any Error>, Never>) in
      let thread = Thread {
        let thrown = Shared<(any Error)?>(nil)
        try? wait { () async throws(PersistencyError) in
          do {
            try await body()
          } catch {
            thrown.withLock { $0 = error }
          }
        }
        continuation.resume(returning: thrown.withLock { $0 }.map { .failure($0) } ?? .success(()))
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    try result.get()
  }
}
