import Foundation

/// Ranks as popular as YCSB's: rank 0 the most, by a zipfian law of exponent 0.99.
///
/// After Gray et al., "Quickly generating billion-record synthetic databases", 1994.
struct Zipf {
  private let count: Int
  private let zeta: Double
  private let alpha: Double
  private let eta: Double

  private static let theta = 0.99

  init(count: Int) {
    self.count = max(1, count)
    zeta = Self.zeta(self.count)
    alpha = 1 / (1 - Self.theta)
    eta = (1 - pow(2 / Double(self.count), 1 - Self.theta)) / (1 - Self.zeta(min(2, self.count)) / zeta)
  }

  func rank(_ generator: inout DataSet.Generator) -> Int {
    let uniform = Double(generator.next() >> 11) / Double(1 << 53)
    let scaled = uniform * zeta
    if scaled < 1 { return 0 }
    if scaled < 1 + pow(0.5, Self.theta) { return min(1, count - 1) }
    return min(count - 1, Int(Double(count) * pow(eta * uniform - eta + 1, alpha)))
  }

  private static func zeta(_ count: Int) -> Double {
    (1...count).reduce(0) { $0 + 1 / pow(Double($1), theta) }
  }
}
