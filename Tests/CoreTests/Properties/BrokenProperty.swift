/// What should hold of some bytes, and does not.
///
/// The properties in this folder are asked by libFuzzer (`Fuzz`, `make fuzz`) and by `PropertyTests`.
package struct BrokenProperty: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  static func unless(_ holds: Bool, _ description: @autoclosure () -> String) throws {
    if !holds { throw BrokenProperty(description()) }
  }
}
