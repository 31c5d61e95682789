#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A name of the running boot, or nil when there is none to be had, which counts as another boot.
///
/// - Throws: When it could be had, but for descriptors that have run out: nil would mean that a sound store is discarded.
func bootIdentifier() throws(PersistencyError) -> String? {
  if let known = knownBoot.withLock({ $0 }) { return known }
  let found = try readBootIdentifier()
  knownBoot.withLock { $0 = found }
  return found
}

/// The boot does not change while the process lives, and later there may be no descriptor to ask again.
private let knownBoot = Locked<String?>(nil)

private func readBootIdentifier() throws(PersistencyError) -> String? {
  #if canImport(Darwin)
    var size = 0
    guard sysctlbyname("kern.bootsessionuuid", nil, &size, nil, 0) == 0, size > 1 else { return nil }
    var text = [CChar](repeating: 0, count: size)
    guard sysctlbyname("kern.bootsessionuuid", &text, &size, nil, 0) == 0 else { return nil }
    return String(decoding: text.prefix(while: { $0 != 0 }).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  #else
    do throws(PersistencyError) {
      guard let bytes = try FileSystem.read("/proc/sys/kernel/random/boot_id"), !bytes.isEmpty else { return nil }
      return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    } catch {
      if error.backendCode == Int(EMFILE) || error.backendCode == Int(ENFILE) { throw error }
      return nil
    }
  #endif
}

/// Whether `boot`, as a manifest holds it, names the running boot; false when nobody can tell.
func isRunningBoot(_ boot: String?) throws(PersistencyError) -> Bool {
  guard let boot, let running = try bootIdentifier() else { return false }
  return boot == running
}
