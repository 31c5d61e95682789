import Foundation
import Synchronization
import Testing

/// Faults on purpose, each in a process of its own: a sanitizer that keeps silent about them would prove nothing about the rest.
///
/// `make tsan` and `make asan` ask them first, and count them.
@Suite("The sanitizer of this build speaks", .enabled(if: Sanitizer.ofThisBuild != nil, "this build has none"))
struct SanitizerTests {
  @Test(
    "about two threads that write one place", .enabled(if: Sanitizer.ofThisBuild == .thread, "it is another one"))
  func race() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(Sanitizer.exitCode), observing: [\.standardErrorContent]
    ) {
      plantedRace()
      exit(0)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    // Swift's accesses have a name of their own.
    let isTold = said.contains("ThreadSanitizer: data race") || said.contains("ThreadSanitizer: Swift access race")
    #expect(isTold && said.contains("plantedRace"), "\(said)")
  }

  @Test(
    "about a read past the end of what was allocated",
    .enabled(if: Sanitizer.ofThisBuild == .address, "it is another one"), arguments: [true, false])
  func memory(isOverread: Bool) async throws {
    let said: [UInt8]
    if isOverread {
      let result = await #expect(
        processExitsWith: .exitCode(Sanitizer.exitCode), observing: [\.standardErrorContent]
      ) {
        exit(plantedOverread() == 0 ? 0 : 3)
      }
      said = result?.standardErrorContent ?? []
    } else {
      let result = await #expect(
        processExitsWith: .exitCode(Sanitizer.exitCode), observing: [\.standardErrorContent]
      ) {
        exit(plantedUseAfterFree() == 0 ? 0 : 3)
      }
      said = result?.standardErrorContent ?? []
    }
    let text = String(decoding: said, as: UTF8.self)
    let wanted =
      isOverread ? ["heap-buffer-overflow", "plantedOverread"] : ["heap-use-after-free", "plantedUseAfterFree"]
    for word in wanted { #expect(text.contains(word), "\(text)") }
  }
}

enum Sanitizer {
  case thread, address

  /// What `scripts/sanitize` has it end a process with.
  static let exitCode: Int32 = 86

  /// The runtime that is linked tells.
  static let ofThisBuild: Sanitizer? =
    isLinked("__tsan_init") ? .thread : isLinked("__asan_init") ? .address : nil

  private static func isLinked(_ symbol: String) -> Bool { dlsym(dlopen(nil, RTLD_NOW), symbol) != nil }
}

/// Two threads, one place, no order between them.
private func plantedRace() {
  let place = UnsafeMutablePointer<Int>.allocate(capacity: 1)
  place.initialize(to: 0)
  let address = UInt(bitPattern: place)
  let ended = Atomic<Int>(0)
  for thread in 1...2 {
    Thread.detachNewThread {
      guard let place = UnsafeMutablePointer<Int>(bitPattern: address) else { return }
      for _ in 0..<1_000 { place.pointee += thread }
      // Relaxed: it orders nothing.
      ended.add(1, ordering: .relaxed)
    }
  }
  while ended.load(ordering: .relaxed) < 2 { usleep(1_000) }
}

private func plantedOverread() -> UInt8 {
  let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
  bytes.initialize(repeating: 0, count: 16)
  defer { bytes.deallocate() }
  return bytes[16 + Int(getpid() & 1)]
}

private func plantedUseAfterFree() -> UInt8 {
  let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
  bytes.initialize(repeating: 0, count: 16)
  bytes.deallocate()
  return bytes[Int(getpid() & 1)]
}
