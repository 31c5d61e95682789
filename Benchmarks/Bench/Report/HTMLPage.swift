import Foundation

/// A report as a page that opens from disk without a network: the numbers, and the script that draws them.
struct HTMLPage {
  let text: String

  init(report: MeasureReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A script element ends at the first "</", wherever it stands.
    let json = String(decoding: try encoder.encode(report), as: UTF8.self).replacing("<", with: "\\u003c")
    text = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>persistency-bench</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <h1>persistency-bench</h1>
      <p id="run"></p>
      <section><h2>Throughput by engine</h2><p>Ops a second, logarithmic. <label>Layer <select id="layer"></select></label></p>
      <div id="throughput"></div></section>
      <section><h2>Latency</h2><p>Microseconds a call by percentile, both logarithmic. <label>Workload <select id="workload"></select></label></p>
      <div id="latency"></div></section>
      <section><h2>What the layers cost</h2><p>Time per op over C, turn by turn. <label>Engine <select id="engine"></select></label></p>
      <div id="overhead"></div></section>
      <section><h2>Growth</h2><p>Microseconds an op by rows in the store, both logarithmic. <label>Workload <select id="grown"></select></label></p>
      <div id="growth"></div></section>
      <section><h2>Figures</h2><table id="figures"></table></section>
      <section><h2>Stores</h2><table id="stores"></table></section>
      <section><h2>All rows</h2><table id="rows"></table></section>
      <script type="application/json" id="report">\(json)</script>
      <script>
      \(Self.script)
      </script>
      </body>
      </html>

      """
  }

  private static let style = """
    :root { color-scheme: light dark; --line: #8884; }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
    h2 { margin-top: 2.5rem; }
    table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
    th, td { padding: .15rem .6rem; border-bottom: 1px solid var(--line); text-align: right; }
    th:first-child, td:first-child, .text { text-align: left; }
    .missed { color: #c33; font-weight: 600; }
    svg { width: 100%; height: auto; font-size: 12px; }
    svg text { fill: currentColor; }
    svg .grid { stroke: var(--line); }
    """
}
