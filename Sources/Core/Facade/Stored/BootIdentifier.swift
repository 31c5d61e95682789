#if canImport(Darwin)
  import Darwin
#endif

/// A name of the running boot, or nil when there is none to be had, which counts as another boot.
func bootIdentifier() -> String? {
  #if canImport(Darwin)
    var size = 0
    guard sysctlbyname("kern.bootsessionuuid", nil, &size, nil, 0) == 0, size > 1 else { return nil }
    var text = [CChar](repeating: 0, count: size)
    guard sysctlbyname("kern.bootsessionuuid", &text, &size, nil, 0) == 0 else { return nil }
    return String(decoding: text.prefix(while: { $0 != 0 }).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  #else
    guard let bytes = try? FileSystem.read("/proc/sys/kernel/random/boot_id"), !bytes.isEmpty else { return nil }
    return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
  #endif
}
