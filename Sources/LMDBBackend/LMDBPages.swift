import PersistencyCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The pages of a `data.mdb`, read without LMDB, which ends the process where it comes upon one that is damaged or missing.
struct LMDBPages {
  let descriptor: Int32
  let size: Int
  private let failure = Failure()

  init(descriptor: Int32, size: Int) {
    self.descriptor = descriptor
    self.size = size
  }

  /// The first call that the system refused.
  private final class Failure { var code: Int32 = 0 }

  /// Tells pages that are wrong from a system that did not give them.
  func expectNoFailure(reading path: String) throws(PersistencyError) {
    if failure.code != 0 { throw lmdbError(failure.code, "reading \(path)") }
  }

  /// Both heads; nil unless both are LMDB's.
  ///
  /// A writer may be at them, and commit several times between two reads: so each is read twice, until both stay as they are for
  /// that long. Heads that do not go together are believed once nobody changes them.
  func metas() -> [LMDBMeta]? {
    var found: [LMDBMeta] = []
    var unchanged = 0
    for attempt in 0..<1_000 where unchanged < 8 {
      guard let first = meta(at: 0), let second = meta(at: first.pageSize) else { return nil }
      let isSteady = meta(at: 0) == first && meta(at: first.pageSize) == second
      if isSteady && LMDBMeta.isPair(first, second) { return [first, second] }
      unchanged = isSteady && found == [first, second] ? unchanged + 1 : 0
      found = [first, second]
      if attempt > 1 { pause(milliseconds: 1) }
    }
    return found
  }

  private func meta(at offset: Int) -> LMDBMeta? {
    withUnsafeTemporaryAllocation(byteCount: LMDBMeta.bytes, alignment: 8) { buffer in
      guard read(at: offset, into: buffer) else { return nil }
      let meta = LMDBMeta(UnsafeRawBufferPointer(buffer))
      return meta.isOfLMDB ? meta : nil
    }
  }

  /// Fills `buffer`; false where the file ends before.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= 0, buffer.count <= size, offset <= size - buffer.count, let start = buffer.baseAddress else {
      return false
    }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, start + done, buffer.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      if count < 0 && failure.code == 0 { failure.code = errno }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  /// Has the system fetch the whole file, which is about to be read out of order.
  func prefetch() {
    #if os(Linux)
      posix_fadvise(descriptor, 0, off_t(size), POSIX_FADV_WILLNEED)
    #endif
  }
}
