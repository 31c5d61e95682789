import PersistencyCore

extension ConformanceCheck {
  /// A: one key at a time.
  static let point: [ConformanceCheck] = [
    ConformanceCheck("point.missing-is-nil", "A key that was never put reads as nil", paragraph: "4.2") { check in
      let store = try check.open()
      try check.expectEqual(try store.getOne(category: "c", key: Key("missing")), nil)
    }
  ]
}
