import FuzzProperties

/// Any bytes are a payload's value, or an error, in either codec.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  examine(start, count, PayloadProperties.check)
}
