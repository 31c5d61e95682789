import FuzzProperties

/// Any two texts are ids of jobs with files of their own in the root, or are refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt { examine(start, count, JobIDProperties.check) }
