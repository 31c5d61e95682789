/// Figures for a terminal, one a line.
struct FigureTable {
  let header: RunHeader
  let figures: [Figure]

  var text: String { (header.lines + [""] + Self.lines(figures)).joined(separator: "\n") }

  static func lines(_ figures: [Figure]) -> [String] {
    let engines = figures.reduce(into: [String]()) { if !$0.contains($1.engine) { $0.append($1.engine) } }
    let tables = engines.map { engine in
      [left(engine, nameWidth) + right("measured", 16) + right("due", 9)]
        + figures.filter { $0.engine == engine }.map(line)
    }
    return Array(tables.joined(separator: [""]))
  }

  private static let nameWidth = 50

  private static func line(_ figure: Figure) -> String {
    let verdict = figure.isReached ? " " : figure.isMissed ? "✗" : "~"
    let value = right(Figure.text(figure.value), 9) + " " + left(figure.unit, 6)
    let beside = figure.beside.isEmpty ? "" : "   " + figure.beside
    return left(figure.name, nameWidth) + value + right(figure.boundText, 9) + " " + verdict + beside
  }
}
