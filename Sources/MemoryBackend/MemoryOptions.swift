/// What only this engine can be told.
public struct MemoryOptions: Hashable, Sendable {
  /// The most that a category, key, payload and batch may measure; lower ones let a test reach them cheaply.
  ///
  /// No field is taken for more than `BackendLimits.embedded` allows.
  public var limits: BackendLimits

  public init(limits: BackendLimits = .embedded) { self.limits = limits }
}
