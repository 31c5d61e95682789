/// What an exported stream holds.
public struct StreamSummary: Hashable, Sendable {
  /// The job it was exported from.
  public let job: String
  /// The engine that job was on.
  public let engine: String
  /// The library that wrote it.
  public let createdBy: String
  public let digest: ContentDigest

  /// Reads a stream to its end, as an import would, and keeps nothing; blocks while it reads.
  ///
  /// - Throws: `.corrupted` for what is no stream, was cut, or was altered; `.unsupported` for a newer version; what `source` throws.
  public init(reading source: ByteSource) throws(PersistencyError) {
    var reader = try StreamReader(source) {}
    while try reader.next() != nil {}
    job = reader.description.job
    engine = reader.description.engine
    createdBy = reader.description.createdBy
    digest = reader.hash.digest
  }
}
