#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a writing child tells its parent, a line each: "2 = 17" is batch 17 of lane 2, acknowledged.
enum TrialLine: Hashable, Sendable {
  /// Every batch of the lane up to this one may be in the store from now on.
  case began(lane: Int, batch: UInt64, full: Bool)
  /// Every batch of the lane up to this one was acknowledged, at level `.full` or at the job's own.
  case acknowledged(lane: Int, batch: UInt64, full: Bool)
  case opening
  /// The store is open, and of this generation.
  case opened(generation: UInt64)
  case closing
  case closed
  case dropping
  case dropped
  /// The child cannot go on.
  case failed(String)

  init?(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 2)
    guard words.count >= 2 else { return nil }
    if words[0] == "-" {
      switch words[1] {
      case "opening": self = .opening
      case "closing": self = .closing
      case "closed": self = .closed
      case "dropping": self = .dropping
      case "dropped": self = .dropped
      case "failed": self = .failed(words.count > 2 ? String(words[2]) : "")
      case "opened":
        guard words.count > 2, let generation = UInt64(words[2]) else { return nil }
        self = .opened(generation: generation)
      default: return nil
      }
      return
    }
    guard words.count == 3, let lane = Int(words[0]), let batch = UInt64(words[2]) else { return nil }
    switch words[1] {
    case ">": self = .began(lane: lane, batch: batch, full: false)
    case "?": self = .began(lane: lane, batch: batch, full: true)
    case "=": self = .acknowledged(lane: lane, batch: batch, full: false)
    case "!": self = .acknowledged(lane: lane, batch: batch, full: true)
    default: return nil
    }
  }

  private var text: String {
    switch self {
    case .began(let lane, let batch, let full): "\(lane) \(full ? "?" : ">") \(batch)"
    case .acknowledged(let lane, let batch, let full): "\(lane) \(full ? "!" : "=") \(batch)"
    case .opening: "- opening"
    case .opened(let generation): "- opened \(generation)"
    case .closing: "- closing"
    case .closed: "- closed"
    case .dropping: "- dropping"
    case .dropped: "- dropped"
    case .failed(let why): "- failed \(why.replacing("\n", with: " "))"
    }
  }

  /// Prints it with one `write`, so that lines of several threads do not mix and none is held back in a buffer.
  func say() {
    var bytes = Array((text + "\n").utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // The parent is gone; without it there is nothing to do.
      guard count > 0 else { _exit(3) }
      bytes = bytes.dropFirst(count)
    }
  }
}
