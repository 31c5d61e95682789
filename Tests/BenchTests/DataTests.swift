import Testing

@testable import PersistencyBenchmarks

@Suite("The benchmark's data")
struct DataTests {
  @Test("A permutation gives every number once", arguments: [1, 2, 3, 16, 17, 1000, 4097])
  func permutation(_ count: Int) {
    #expect(Permutation(count: count, seed: 7).sorted() == Array(0..<count))
    if count > 16 { #expect(Array(Permutation(count: count, seed: 7)) != Array(Permutation(count: count, seed: 8))) }
  }

  @Test("Low ranks are popular as YCSB's zipfian law says")
  func zipf() {
    let zipf = Zipf(count: 1000)
    var generator = DataSet.Generator(state: 1)
    var counts = [Int](repeating: 0, count: 1000)
    for _ in 0..<100_000 { counts[zipf.rank(&generator)] += 1 }
    // 1 / zeta(1000, 0.99) = 0.129; the next is 2^0.99 times as rare.
    #expect((12_000...14_000).contains(counts[0]))
    #expect((5_500...7_500).contains(counts[1]))
    #expect(counts[999] < 100)
  }

  @Test("A figure is missed beyond its tolerance only, and a count at once")
  func figures() {
    func figure(_ value: Double, _ bound: Figure.Bound) -> Figure {
      Figure(engine: "e", name: "n", value: value, unit: "×", bound: bound)
    }
    #expect(figure(1.1, .atMost(1.1)).isReached)
    #expect(!figure(1.2, .atMost(1.1)).isReached)
    #expect(!figure(1.2, .atMost(1.1)).isMissed)
    #expect(figure(1.3, .atMost(1.1)).isMissed)
    #expect(!figure(0.52, .atLeast(0.6)).isMissed)
    #expect(figure(0.5, .atLeast(0.6)).isMissed)
    #expect(figure(999, .exactly(1000)).isMissed)
    #expect(throws: Complaint.self) { try Figure.judge([figure(2, .atMost(1))]) }
  }
}
