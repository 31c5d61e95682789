/// What one layer's stores take, beside time.
struct StoreFacts: Codable, Sendable {
  let engine: String
  let layer: String
  /// Of the loaded store, as the next three; absent when none was loaded.
  var rows: Int?
  /// Keys and payloads, without the category.
  var payloadBytes: Int?
  var bytesOnDisk: Int?
  /// Handed to the system to write, while the store was loaded and settled.
  var bytesWritten: Int?
  /// After the store was opened anew and every row was read.
  var anonymousBytes: Int?
  /// How many stores were open at once, and what each took.
  var jobs: Int?
  var bytesPerJob: Int?
  var descriptorsPerJob: Double?

  /// Bytes on disk for each byte of keys and payloads.
  var spaceAmplification: Double? { ratio(bytesOnDisk) }
  /// Bytes written for each byte of keys and payloads.
  var writeAmplification: Double? { ratio(bytesWritten) }

  private func ratio(_ bytes: Int?) -> Double? {
    guard let bytes, let payloadBytes, payloadBytes > 0, bytes > 0 else { return nil }
    return Double(bytes) / Double(payloadBytes)
  }

  enum CodingKeys: String, CodingKey {
    case engine, layer, rows, jobs
    case payloadBytes = "payload_bytes"
    case bytesOnDisk = "bytes_on_disk"
    case bytesWritten = "bytes_written"
    case anonymousBytes = "anonymous_bytes"
    case bytesPerJob = "bytes_per_job"
    case descriptorsPerJob = "descriptors_per_job"
  }
}
