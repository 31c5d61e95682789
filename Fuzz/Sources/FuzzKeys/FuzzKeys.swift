import FuzzProperties

/// Any bytes are a key's typed parts, or an error; and sort, and lie in ranges, as they should.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt { examine(start, count, KeyProperties.check) }
