import FuzzProperties

/// Any bytes are a job's manifest, or are refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  examine(start, count, ManifestProperties.check)
}
