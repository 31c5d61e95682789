import Foundation

// How numbers and columns are written on a terminal.

func formatted(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

func left(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// "1.23 M", "45.6 k", "789  ".
func rate(_ perSecond: Double) -> String {
  switch perSecond {
  case 1e6...: formatted(perSecond / 1e6, perSecond < 1e7 ? 2 : 1) + " M"
  case 1e3...: formatted(perSecond / 1e3, perSecond < 1e4 ? 2 : perSecond < 1e5 ? 1 : 0) + " k"
  default: formatted(perSecond, 0) + "  "
  }
}

/// Three digits or so of microseconds.
func time(_ microseconds: Double) -> String {
  switch microseconds {
  case ..<1: formatted(microseconds, 3)
  case ..<10: formatted(microseconds, 2)
  case ..<1000: formatted(microseconds, 1)
  default: formatted(microseconds, 0)
  }
}

/// "12.3 MiB".
func bytes(_ count: Int) -> String {
  switch count {
  case (1 << 30)...: formatted(Double(count) / Double(1 << 30), 1) + " GiB"
  case (1 << 20)...: formatted(Double(count) / Double(1 << 20), 1) + " MiB"
  default: formatted(Double(count) / 1024, 1) + " KiB"
  }
}
