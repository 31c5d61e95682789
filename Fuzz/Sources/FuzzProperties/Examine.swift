/// Asks a property of libFuzzer's input; what does not hold ends the process, which is what libFuzzer takes for a find.
package func examine(_ start: UnsafePointer<UInt8>?, _ count: Int, _ check: ([UInt8]) throws -> Void) -> CInt {
  do {
    try check(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  } catch {
    fatalError("\(error)")
  }
}
