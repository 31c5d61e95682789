// The script of the page: plain JavaScript and SVG, nothing from elsewhere.

extension HTMLPage {
  static let script = #"""
    const report = JSON.parse(document.getElementById("report").textContent);
    const colors = ["#3573c0", "#d9822b", "#3a9a55", "#a04fb0", "#c0453f", "#6b7a8f"];
    const unique = values => [...new Set(values)];
    const engines = unique(report.rows.map(r => r.engine));
    const layers = unique(report.rows.map(r => r.layer));
    const pass = r => r.batch > 1 ? `${r.workload} × ${r.batch}` : r.workload;
    const color = (list, name) => colors[list.indexOf(name) % colors.length];
    const short = v => v >= 1e6 ? (v / 1e6).toPrecision(3) + " M" : v >= 1e3 ? (v / 1e3).toPrecision(3) + " k"
      : v >= 100 ? v.toFixed(0) : String(+v.toPrecision(3));

    function make(name, attributes, text) {
      const element = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const key in attributes) element.setAttribute(key, attributes[key]);
      if (text !== undefined) element.textContent = text;
      return element;
    }

    function legend(svg, names, list, x, y) {
      for (const name of names) {
        svg.append(make("rect", { x, y: y - 9, width: 10, height: 10, fill: color(list, name) }));
        svg.append(make("text", { x: x + 15, y }, name));
        x += 35 + name.length * 7;
      }
    }

    // Horizontal bars, one group a pass; `scale` maps a value to 0...1.
    function bars(id, groups, names, list, scale, text, marks) {
      const width = 960, left = 170, right = 80, bar = 11;
      const height = 30 + groups.reduce((sum, g) => sum + g.values.length * bar + 9, 0) + 20;
      const svg = make("svg", { viewBox: `0 0 ${width} ${height}` });
      legend(svg, names, list, left, 14);
      const x = v => left + Math.max(0, Math.min(1, scale(v))) * (width - left - right);
      for (const mark of marks) {
        svg.append(make("line", { x1: x(mark), x2: x(mark), y1: 24, y2: height - 18, class: "grid" }));
        svg.append(make("text", { x: x(mark), y: height - 4, "text-anchor": "middle" }, short(mark)));
      }
      let y = 30;
      for (const group of groups) {
        svg.append(make("text", { x: left - 8, y: y + group.values.length * bar / 2 + 4, "text-anchor": "end" }, group.name));
        for (const { name, value } of group.values) {
          svg.append(make("rect", { x: left, y, width: Math.max(1, x(value) - left), height: bar - 2, fill: color(list, name) }));
          svg.append(make("text", { x: x(value) + 5, y: y + bar - 2, "font-size": 10 }, text(value)));
          y += bar;
        }
        y += 9;
      }
      document.getElementById(id).replaceChildren(svg);
    }

    // Lines over logarithmic axes; a series is { name, points: [[x, y]], color, dash }.
    function lines(id, series, xMarks, xText) {
      const width = 960, height = 360, left = 60, right = 190, top = 12, bottom = 28;
      const holder = document.getElementById(id);
      const points = series.flatMap(s => s.points).filter(p => p[1] > 0);
      if (points.length === 0) { holder.textContent = "Not measured."; return; }
      const svg = make("svg", { viewBox: `0 0 ${width} ${height}` });
      const [low, high] = [Math.min(...points.map(p => p[1])), Math.max(...points.map(p => p[1]))].map(Math.log10);
      const xs = points.map(p => p[0]).concat(xMarks);
      const [first, last] = [Math.min(...xs), Math.max(...xs)];
      const x = v => left + (v - first) / (last - first || 1) * (width - left - right);
      const y = v => top + (1 - (Math.log10(v) - low) / (high - low || 1)) * (height - top - bottom);
      for (let power = Math.ceil(low); power <= Math.floor(high); power++) {
        svg.append(make("line", { x1: left, x2: width - right, y1: y(10 ** power), y2: y(10 ** power), class: "grid" }));
        svg.append(make("text", { x: left - 6, y: y(10 ** power) + 4, "text-anchor": "end" }, short(10 ** power)));
      }
      for (const mark of xMarks) {
        svg.append(make("line", { x1: x(mark), x2: x(mark), y1: top, y2: height - bottom, class: "grid" }));
        svg.append(make("text", { x: x(mark), y: height - 8, "text-anchor": "middle" }, xText(mark)));
      }
      series.forEach((s, index) => {
        const path = s.points.filter(p => p[1] > 0).map((p, i) => `${i ? "L" : "M"}${x(p[0])} ${y(p[1])}`).join("");
        svg.append(make("path", { d: path, fill: "none", stroke: s.color, "stroke-width": 2, "stroke-dasharray": s.dash || "" }));
        svg.append(make("line", { x1: width - right + 12, x2: width - right + 34, y1: top + 8 + index * 17, y2: top + 8 + index * 17,
          stroke: s.color, "stroke-width": 2, "stroke-dasharray": s.dash || "" }));
        svg.append(make("text", { x: width - right + 40, y: top + 12 + index * 17 }, s.name));
      });
      holder.replaceChildren(svg);
    }

    function choose(id, names, draw, preferred) {
      const select = document.getElementById(id);
      for (const name of names) select.append(new Option(name, name, false, name === preferred));
      select.onchange = () => draw(select.value);
      if (names.length) draw(select.value);
    }

    function throughput(layer) {
      const rows = report.rows.filter(r => r.layer === layer && r.ops_per_second > 0);
      const high = Math.log10(Math.max(...rows.map(r => r.ops_per_second), 10));
      const groups = unique(rows.map(pass)).map(name => ({ name, values: rows.filter(r => pass(r) === name)
        .map(r => ({ name: r.engine, value: r.ops_per_second })) }));
      bars("throughput", groups, engines, engines, v => Math.log10(v) / high, short,
        [1, 2, 3, 4, 5, 6, 7, 8].filter(p => p <= high).map(p => 10 ** p));
    }

    function overhead(engine) {
      const rows = report.rows.filter(r => r.engine === engine && r.ratio_to_raw > 0);
      const groups = unique(rows.map(pass)).map(name => ({ name, values: rows.filter(r => pass(r) === name)
        .map(r => ({ name: r.layer, value: r.ratio_to_raw })) }));
      bars("overhead", groups, layers.filter(l => l !== "raw"), layers, v => v / 4, v => v.toFixed(2) + " ×", [0, 1, 2, 3, 4]);
    }

    const dashes = { raw: "2 3", backend: "7 3" };
    const label = r => `${r.engine} ${r.layer}`;

    function latency(name) {
      // 0 is the fastest call, 5 one in a hundred thousand.
      const x = p => p >= 100 ? 5 : Math.min(5, -Math.log10(1 - p / 100));
      const series = report.rows.filter(r => pass(r) === name && r.latency_us.length).map(r => ({ name: label(r),
        points: r.latency_us.map(([p, us]) => [x(p), us]), color: color(engines, r.engine), dash: dashes[r.layer] }));
      lines("latency", series, [0, 1, 2, 3, 4, 5], v => ["fastest", "p90", "p99", "p99.9", "p99.99", "slowest"][v]);
    }

    function growth(name) {
      const rows = report.growth.filter(r => pass(r) === name && r.ops_per_second > 0);
      const series = unique(rows.map(label)).map(name => ({ name, color: color(engines, name.split(" ")[0]), dash: dashes[name.split(" ")[1]],
        points: rows.filter(r => label(r) === name).map(r => [Math.log10(r.rows), 1e6 / r.ops_per_second]) }));
      lines("growth", series, unique(rows.map(r => Math.log10(r.rows))), v => short(Math.round(10 ** v)));
    }

    function table(id, head, rows) {
      const add = (row, tag, cell) => {
        const element = document.createElement(tag);
        element.textContent = cell === undefined || cell === null ? "" : cell;
        if (cell === "missed") element.className = "missed";
        row.append(element);
      };
      const holder = document.getElementById(id);
      for (const [index, cells] of [head, ...rows].entries()) {
        const row = holder.insertRow();
        for (const cell of cells) add(row, index === 0 ? "th" : "td", cell);
      }
    }

    const { machine, versions, settings } = report.header;
    document.getElementById("run").textContent = `${report.header.date}, ${report.header.commit || "no commit"}. ${machine.processor}, `
      + `${machine.cores} cores, ${machine.system}, ${machine.kernel}, ${machine.file_system}. Swift ${versions.swift}, `
      + `SQLite ${versions.sqlite}, LMDB ${versions.lmdb}, RocksDB ${versions.rocksdb || "not run"}. ${settings.rows} rows, keys of `
      + `${settings.key_bytes} bytes, payloads of ${settings.payload_bytes}, durability ${settings.durability}, caches of `
      + `${settings.cache_bytes >> 20} MiB, seed ${settings.seed}, median of ${settings.rounds} rounds.`;
    choose("layer", layers, throughput, layers.includes("job") ? "job" : layers[0]);
    choose("workload", unique(report.rows.filter(r => r.latency_us.length).map(pass)), latency, "readrandom");
    choose("engine", unique(report.rows.filter(r => r.ratio_to_raw > 0).map(r => r.engine)), overhead);
    choose("grown", unique(report.growth.map(pass)), growth);
    table("figures", ["engine", "figure", "measured", "unit", "due", "", "beside"], report.figures.map(f => [f.engine, f.name, short(f.value),
      f.unit, f.at_least ? "≥ " + f.at_least : f.at_most ? "≤ " + f.at_most : "", f.reached ? "" : "missed", f.beside]));
    const times = (bytes, of) => bytes && of ? (bytes / of).toFixed(1) : "";
    const mib = bytes => bytes === undefined ? "" : (bytes / 1048576).toFixed(1);
    table("stores", ["engine", "layer", "rows", "on disk × data", "written × data", "memory MiB", "a job MiB", "descriptors a job"],
      report.stores.map(s => [s.engine, s.layer, s.rows, times(s.bytes_on_disk, s.payload_bytes), times(s.bytes_written, s.payload_bytes),
        mib(s.anonymous_bytes), mib(s.bytes_per_job), s.descriptors_per_job]));
    table("rows", ["engine", "layer", "workload", "durability", "ops/s", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "CPU µs/op", "× raw", "spread"],
      report.rows.map(r => [r.engine, r.layer, pass(r), r.durability, short(r.ops_per_second), short(r.p50_us), short(r.p99_us), short(r.p999_us),
        short(r.max_us), r.ops ? short(r.cpu_seconds / r.ops * 1e6) : "", r.ratio_to_raw ? r.ratio_to_raw.toFixed(2) : "", r.spread.toFixed(2)]));
    """#
}
