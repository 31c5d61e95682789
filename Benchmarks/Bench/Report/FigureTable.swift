/// Figures for a terminal, one a line.
struct FigureTable {
  let header: RunHeader
  let figures: [Figure]

  var text: String {
    var lines = header.lines
    for engine in engines {
      let mine = figures.filter { $0.engine == engine }
      lines += ["", left(engine, Self.nameWidth) + right("measured", 16) + right("due", 9)]
      lines += mine.map(Self.line)
    }
    return lines.joined(separator: "\n")
  }

  private static let nameWidth = 50

  private var engines: [String] {
    figures.reduce(into: []) { if !$0.contains($1.engine) { $0.append($1.engine) } }
  }

  private static func line(_ figure: Figure) -> String {
    let verdict = figure.isReached ? " " : figure.isMissed ? "✗" : "~"
    let value = right(Figure.text(figure.value), 9) + " " + left(figure.unit, 6)
    let beside = figure.beside.isEmpty ? "" : "   " + figure.beside
    return left(figure.name, nameWidth) + value + right(figure.boundText, 9) + " " + verdict + beside
  }
}
