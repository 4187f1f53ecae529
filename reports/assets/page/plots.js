// Figures that can be zoomed: the pictures of the page drawn anew by uPlot, with a legend that toggles series and tells values.

const PANEL_HEIGHT = { alone: 260, stacked: 130 };
// Distances of ticks on an axis of time, in seconds.
const TIME_STEPS = [0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200,
  86400, 172800, 432000, 604800, 1209600, 2419200, 4838400, 12096000, 31536000];

// Values with a tick on a logarithmic axis of durations, in seconds: people count in tens of seconds, minutes, hours and days.
const DURATIONS = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000, 8640000];

// Seconds as a tick: "06:30", "06:30:15", "3 d", "3 d 12:00".
function tickTime(seconds, isMinutes) {
  if (seconds % 1) return `${decimals(seconds)} s`;
  const text = moment(seconds * MICROSECONDS);
  if (seconds && seconds % 86400 === 0) return text.replace(/ \d\d:00:00$/, "");
  return isMinutes ? text.replace(/:\d\d$/, "") : text;
}

class Plots {
  constructor(data) {
    this.colours = data.get("colours");
    this.figures = [];
    const waiting = new Map(data.get("plots").map((plot) => [byId(plot.anchor), plot]));
    const wanted = [];
    // One after the other, so that the page answers in between.
    const drawNext = () => {
      const figure = wanted.shift();
      if (wanted.length) setTimeout(drawNext);
      this.figures.push(new PlotFigure(waiting.get(figure), data, (hex) => this.themed(hex)));
    };
    // Drawn when it is nearly in sight: until then its place is kept.
    const observer = new IntersectionObserver((entries) => {
      const isBusy = wanted.length > 0;
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        wanted.push(target);
      }
      if (!isBusy && wanted.length) setTimeout(drawNext);
    }, { rootMargin: "600px" });
    for (const figure of waiting.keys()) observer.observe(figure);
  }

  // A colour of a figure as it is on a light or on a dark page.
  themed(hex) {
    return this.colours[hex] ? colour(this.colours[hex]) : hex;
  }

  redraw() {
    for (const figure of this.figures) figure.redraw();
  }
}

class PlotFigure {
  constructor(plot, data, themed) {
    Object.assign(this, { plot, data, themed });
    this.figure = byId(plot.anchor);
    this.hidden = new Set();
    this.legend = element("ul", { class: "legend" });
    this.told = element("output", { class: "quiet" });
    this.values = new Map();
    const heading = this.figure.querySelector("h3").textContent;
    const box = element("div", { class: "plot" }, element("p", { class: "plot-title", "aria-hidden": "true" }, heading), this.controls());
    this.figure.querySelector("h3").after(box);
    this.figure.dataset.drawn = "true";
    this.panels = plot.panels.map((panel) => this.panel(panel, box, heading));
    new ResizeObserver(() => this.resize()).observe(box);
  }

  controls() {
    const button = (text, label, act) => element("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    for (const [label, series] of this.labels()) {
      const value = element("span", { class: "value" });
      this.values.set(label, value);
      const toggle = element("button", { type: "button", "aria-pressed": "true", title: "Show or hide" },
        this.swatch(series), label, value);
      toggle.addEventListener("click", () => this.toggle(label, toggle));
      this.legend.append(element("li", {}, toggle));
    }
    const scales = this.plot.panels.filter(({ boxes }) => boxes?.value).map(({ boxes, y }) => heatScale(boxes, y.label));
    return element("div", { class: "plot-controls" }, this.legend, ...scales, this.told,
      element("span", { class: "zoom" },
        button("−", "Zoom out", () => this.zoom(2)),
        button("+", "Zoom in", () => this.zoom(0.5)),
        button("all", "Show all", () => this.showAll())));
  }

  // What the legend lists: each label once, with the first series that has it.
  labels() {
    const labels = new Map();
    for (const panel of this.plot.panels) {
      for (const series of panel.series) {
        if (!labels.has(series.label)) labels.set(series.label, panel.stacked ? { ...series, draw: "bars" } : series);
      }
      const hues = panel.boxes && panel.boxes.colors.length / panel.boxes.kinds.length;
      panel.boxes?.kinds.forEach((label, kind) => labels.set(label, { draw: "bars", dash: [], color: panel.boxes.colors[kind * hues] }));
      for (const { label, color } of panel.spread?.bodies ?? []) labels.set(label, { draw: "bars", dash: [], color });
    }
    return labels;
  }

  swatch(series) {
    const canvas = element("canvas", { width: 44, height: 16, "aria-hidden": "true" });
    canvas.draw = () => {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, 44, 16);
      context.strokeStyle = context.fillStyle = this.themed(series.color);
      context.lineWidth = 4;
      context.setLineDash(series.dash.map((length) => length * 2));
      context.beginPath();
      if (series.draw === "points") context.arc(22, 8, 6, 0, 7);
      else if (series.draw === "bars") context.rect(12, 0, 20, 16);
      else [context.moveTo(0, 8), context.lineTo(44, 8)];
      if (series.draw === "bars") context.fill();
      else context.stroke();
    };
    canvas.draw();
    return canvas;
  }

  panel(panel, box, heading) {
    const title = panel.title ? element("p", { class: "panel-title" }, panel.title) : null;
    const place = element("div", {
      class: "panel", tabindex: 0, role: "group", "aria-roledescription": "chart", "aria-label":
        `${panel.title || heading}. Arrow keys move along the data, plus and minus zoom, zero shows all.`,
    });
    box.append(...[title, place].filter(Boolean));
    const made = { panel, place };
    if (panel.boxes) {
      made.boxes = new Boxes(panel.boxes, this.data, this.themed, this.hidden);
      made.drawn = this.boxed(panel, made.boxes, place);
    } else if (panel.spread) {
      made.spread = new Spreads(panel.spread, panel.y, this.themed, this.hidden);
      made.drawn = this.spread(panel, made.spread, place);
    } else {
      made.own = this.series(panel);
      made.drawn = new uPlot({ ...this.options(panel), width: place.clientWidth }, this.sums(panel, made.own), place);
    }
    place.addEventListener("keydown", (event) => this.key(event, made.drawn));
    return made;
  }

  spread(panel, spread, place) {
    const { x, y } = panel;
    const options = {
      width: place.clientWidth, height: spread.height, padding: [8, 28, 0, 0], legend: { show: false },
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      scales: { x: { time: false, range: [x.from, x.to] }, y: { distr: y.log ? 3 : 1, range: () => spread.range() } },
      axes: [this.across(x, true), this.up(y)],
      cursor: { drag: { x: false, y: true, setScale: false }, points: { show: false } },
      hooks: {
        drawClear: [(u) => this.outages(u)],
        draw: [(u) => spread.draw(u)],
        setSelect: [(u) => {
          const { top, height } = u.select;
          if (height <= 0) return;
          this.mark(spread.show(u, [u.posToVal(top + height, "y"), u.posToVal(top, "y")]));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
        setCursor: [(u) => {
          const { left } = u.cursor;
          this.told.value = left < 0 ? "" : spread.tell(u.posToVal(left, "x"), (value) => this.write(y, value));
        }],
        ready: [(u) => u.over.addEventListener("dblclick", () => this.showAll())],
      },
    };
    return new uPlot(options, [spread.places, spread.places.map(() => null)], place);
  }

  mark(isZoomed) {
    this.zoomed = isZoomed;
    this.figure.dataset.zoomed = String(isZoomed);
  }

  // The columns as they are drawn: those of a stack each on the ones below it, which come later, without those that are hidden.
  sums(panel, own) {
    if (!panel.stacked) return own;
    let below = Array.from(own[0], () => 0);
    const sums = own.slice(1).reverse().map((column, place) => {
      const { label } = panel.series.at(-1 - place);
      if (!this.hidden.has(label)) below = below.map((sum, at) => sum + (column[at] ?? 0));
      return below;
    });
    return [own[0], ...sums.reverse()];
  }

  boxed(panel, boxes, place) {
    const options = {
      width: place.clientWidth, height: boxes.height, padding: [8, 28, 0, 0], legend: { show: false },
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      scales: { x: { time: false, min: panel.x.from, max: panel.x.to }, y: { dir: -1, range: [0, boxes.last] } },
      axes: [this.across(panel.x, true), boxes.axis(this.axis({}))],
      cursor: { drag: { x: true, y: false }, points: { show: false } },
      hooks: {
        drawClear: [(u) => boxes.draw(u)],
        setScale: [(u, key) => key === "x" && this.follow(u)],
        setCursor: [(u) => {
          const { left, top } = u.cursor;
          const text = left < 0 ? "" : boxes.tell(u.posToVal(left, "x"), u.posToVal(top, "y"));
          this.told.value = left < 0 ? "" : `at ${this.write(panel.x, u.posToVal(left, "x"))} ${text}`;
        }],
      },
    };
    return new uPlot(options, [boxes.places, boxes.places.map(() => null)], place);
  }

  // The columns of a panel on one list of places. What is no number is a gap; what is only not at this place is undefined.
  series(panel) {
    const numbers = (name) => Array.from(this.data.get(name), (value) => (Number.isNaN(value) ? null : value));
    const tables = panel.series.map((one) => [numbers(one.x), numbers(one.y), ...(one.band ?? []).map(numbers)]);
    const same = panel.series.every((one) => one.x === panel.series[0].x);
    return same ? [tables[0][0], ...tables.flatMap((table) => table.slice(1))] : uPlot.join(tables);
  }

  options(panel) {
    const [series, bands, marks] = [[{}], [], []];
    for (const one of panel.series) {
      const at = series.length;
      const isPlain = one.draw === "points" || one.draw === "bars";
      const stroke = () => this.themed(one.color);
      series.push({
        label: one.label, stroke, dash: one.dash, width: isPlain ? 0 : 1.8,
        fill: one.below ? () => this.themed(one.below) : undefined,
        paths: one.draw === "steps" ? uPlot.paths.stepped({ align: 1 }) : isPlain ? () => null : uPlot.paths.linear(),
        points: { show: one.draw === "points", size: 8, stroke, fill: () => colour("--paper"), width: 1.8 },
      });
      if (one.draw === "bars") marks.push((u) => this.bars(u, at, one));
      if (!one.band) continue;
      const plain = { label: one.label, width: 0, points: { show: false }, paths: one.draw === "steps" ? uPlot.paths.stepped({ align: 1 }) : undefined };
      series.push({ ...plain }, { ...plain });
      if (isPlain) marks.push((u) => this.intervals(u, at, one));
      else bands.push({ series: [at + 2, at + 1], fill: () => this.themed(one.fill) });
    }
    const [from, to] = [panel.x.from, panel.x.to];
    const stacked = this.plot.panels.length > 1;
    const last = panel === this.plot.panels.at(-1);
    return {
      height: stacked ? PANEL_HEIGHT.stacked + (last ? 22 : 0) : PANEL_HEIGHT.alone,
      padding: [8, 28, 0, 0], legend: { show: false }, series, bands,
      scales: {
        x: { time: false, distr: panel.x.log ? 3 : 1, ...(from !== null && to !== null ? { min: from, max: to } : {}) },
        y: { distr: panel.y.log ? 3 : 1, range: (u, low, high) => this.upright(u, panel, low, high) },
      },
      axes: [this.across(panel.x, last), this.up(panel.y)],
      cursor: { drag: { x: true, y: false }, points: { size: 7 }, sync: { key: this.plot.anchor } },
      hooks: {
        drawClear: [(u) => this.outages(u)],
        draw: [(u) => marks.forEach((mark) => mark(u))],
        setScale: [(u, key) => key === "x" && this.follow(u)],
        setCursor: [(u) => this.tell(u)],
      },
    };
  }

  axis(axis) {
    const grid = { stroke: () => colour("--grid"), width: 1 };
    const font = "12px sans-serif";
    const label = axis.label ? { label: axis.label, labelSize: 20, labelGap: 2, labelFont: font } : {};
    return { stroke: () => colour("--muted"), grid, ticks: { ...grid, size: 4 }, font, ...label };
  }

  up(axis) {
    return { ...this.axis(axis), size: 56, values: (u, ticks) => ticks.map((tick) => (tick === null ? "" : this.write(axis, tick))) };
  }

  // The horizontal axis; only the last panel names what is on it.
  across(axis, isLast) {
    const shared = { ...this.axis(axis), size: isLast ? 32 : 8, ...(isLast ? {} : { label: undefined }) };
    const written = (write) => (u, ticks) => ticks.map((tick) => (tick === null || !isLast ? "" : write(tick, ticks)));
    if (axis.kind === "category") {
      return { ...shared, splits: () => axis.names.map((_, place) => place + 0.5), values: () => axis.names };
    }
    if (axis.kind === "time") {
      const write = (tick, ticks) => tickTime(tick, ticks.every((one) => one % 60 === 0));
      return { ...shared, incrs: TIME_STEPS, space: 60, values: written(write) };
    }
    if (axis.kind === "duration" && axis.log) {
      const splits = (u, place, low, high) => DURATIONS.filter((one) => one >= low * 0.999 && one <= high * 1.001);
      return { ...shared, splits, filter: (u, ticks) => ticks, values: written((tick) => this.write(axis, tick)) };
    }
    return { ...shared, values: written((tick) => this.write(axis, tick)) };
  }

  write(axis, value) {
    if (axis.kind === "time") return moment(value * MICROSECONDS, value % 1 !== 0);
    if (axis.kind === "duration") return duration(value * MICROSECONDS);
    if (axis.kind === "category") return axis.names[Math.floor(value)] ?? "";
    return decimals(value);
  }

  // The range of the vertical axis: that of the picture while all is shown, else that of what is.
  upright(u, panel, low, high) {
    const { from, to, log } = panel.y;
    const whole = !this.zoomed && this.hidden.size === 0;
    if (whole && from !== null && to !== null) return [from, to];
    if (low === null || high === null) return [from ?? 0, to ?? 1];
    if (log) return uPlot.rangeLog(low, high, 10, false);
    const zero = panel.series.some((one) => one.draw === "bars" || one.draw === "steps");
    return uPlot.rangeNum(zero ? Math.min(0, low) : low, high, 0.1, true);
  }

  ends(u) {
    const { from, to } = this.plot.panels[0].x;
    const places = u.data[0];
    return { min: from ?? places[0], max: to ?? places.at(-1) };
  }

  // All panels show the same stretch.
  follow(u) {
    if (this.following || !this.panels) return;
    this.following = true;
    const { min, max } = u.scales.x;
    const all = this.ends(u);
    this.mark(min > all.min || max < all.max);
    for (const { drawn } of this.panels) drawn.setScale("x", { min, max });
    this.following = false;
  }

  zoom(factor) {
    const { drawn: u, spread } = this.panels[0];
    if (spread) {
      spread.zoom(u, factor);
      this.mark(spread.zoomed !== null);
      return;
    }
    const { min, max } = u.scales.x;
    const isLog = this.plot.panels[0].x.log;
    const [to, back] = isLog ? [Math.log, Math.exp] : [(value) => value, (value) => value];
    const middle = u.cursor.idx !== null && u.cursor.idx !== undefined ? u.data[0][u.cursor.idx] : back((to(min) + to(max)) / 2);
    const all = this.ends(u);
    const from = Math.max(all.min, back(to(middle) - (to(middle) - to(min)) * factor));
    const until = Math.min(all.max, back(to(middle) + (to(max) - to(middle)) * factor));
    if (until > from) u.setScale("x", { min: from, max: until });
  }

  showAll() {
    const { drawn: u, spread } = this.panels[0];
    if (spread) this.mark(spread.show(u, null));
    else u.setScale("x", this.ends(u));
  }

  key(event, u) {
    const places = u.data[0];
    const now = u.cursor.idx ?? -1;
    const step = event.shiftKey ? 10 : 1;
    const boxes = this.panels.find(({ drawn }) => drawn === u).boxes;
    const move = { ArrowRight: now + step, ArrowLeft: now < 0 ? places.length - 1 : now - step, Home: 0, End: places.length - 1 }[event.key];
    if (move !== undefined) {
      const at = Math.min(places.length - 1, Math.max(0, move));
      // Into the middle of a box, and not onto its edge.
      const next = boxes && at + 1 < places.length ? (places[at] + places[at + 1]) / 2 : places[at];
      u.setCursor({ left: u.valToPos(next, "x"), top: Math.max(5, u.cursor.top ?? 5) });
      this.told.setAttribute("aria-live", "polite");
    } else if (boxes && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const row = u.posToVal(Math.max(0, u.cursor.top), "y") + (event.key === "ArrowDown" ? 1 : -1);
      const down = Math.min(boxes.last - 0.5, Math.max(0.5, Math.floor(row) + 0.5));
      u.setCursor({ left: Math.max(0, u.cursor.left), top: u.valToPos(down, "y") });
    } else if (event.key === "+" || event.key === "=") {
      this.zoom(0.5);
    } else if (event.key === "-") {
      this.zoom(2);
    } else if (event.key === "0" || event.key === "Escape") {
      this.showAll();
    } else {
      return;
    }
    event.preventDefault();
  }

  // The values at the cursor, in the legend and as one sentence.
  tell(u) {
    const at = u.cursor.idx;
    // Of a stack each layer's own value, and not the sum.
    const mine = this.panels?.find(({ drawn }) => drawn === u);
    if (!mine) return;
    const gone = at === null || at === undefined;
    const first = mine === this.panels[0];
    if (first) this.told.value = gone ? "" : `at ${this.write(mine.panel.x, u.data[0][at])}`;
    u.series.forEach((series, place) => {
      const one = mine.panel.series.find(({ label }) => label === series.label);
      if (!one || u.series[place - 1]?.label === series.label) return;
      const value = gone ? null : nearest(mine.own[place], at, one.draw === "steps");
      this.values.get(one.label).textContent = value === null || value === undefined ? "" : ` ${this.write(mine.panel.y, value)}`;
    });
  }

  toggle(label, button) {
    const isHidden = !this.hidden.delete(label);
    if (isHidden) this.hidden.add(label);
    button.setAttribute("aria-pressed", String(!isHidden));
    for (const { panel, drawn, boxes, spread, own } of this.panels) {
      if (boxes) drawn.redraw();
      if (spread) spread.show(drawn, spread.zoomed);
      drawn.batch(() => drawn.series.forEach((series, place) => {
        if (place && series.label === label) drawn.setSeries(place, { show: !isHidden });
      }));
      if (panel.stacked) {
        const { min, max } = drawn.scales.x;
        drawn.setData(this.sums(panel, own), false);
        drawn.setScale("x", { min, max });
      }
    }
  }

  outages(u) {
    u.ctx.fillStyle = colour("--outage");
    for (const [from, to] of this.plot.outages) {
      const [left, right] = [from, to].map((time) => Math.min(u.bbox.left + u.bbox.width, Math.max(u.bbox.left, u.valToPos(time, "x", true))));
      u.ctx.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height);
    }
  }

  inside(u, draw) {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    draw(u.ctx);
    u.ctx.restore();
  }

  bars(u, at, one) {
    if (!u.series[at].show) return;
    this.inside(u, (context) => {
      context.fillStyle = this.themed(one.color);
      const floor = u.valToPos(Math.max(u.scales.y.min, 0), "y", true);
      u.data[0].forEach((place, row) => {
        const value = u.data[at][row];
        if (value === null || value === undefined) return;
        const [left, right] = [place - one.width / 2, place + one.width / 2].map((x) => u.valToPos(x, "x", true));
        const top = u.valToPos(value, "y", true);
        context.fillRect(left + 1, Math.min(top, floor), right - left - 2, Math.abs(floor - top));
      });
    });
  }

  intervals(u, at, one) {
    if (!u.series[at].show) return;
    this.inside(u, (context) => {
      context.strokeStyle = one.draw === "bars" ? colour("--ink") : this.themed(one.color);
      context.lineWidth = 1.5 * devicePixelRatio;
      u.data[0].forEach((place, row) => {
        const [low, high] = [u.data[at + 1][row], u.data[at + 2][row]];
        if (low === null || low === undefined || high === null) return;
        const [x, from, to] = [u.valToPos(place, "x", true), u.valToPos(low, "y", true), u.valToPos(high, "y", true)];
        const arm = 4 * devicePixelRatio;
        context.beginPath();
        for (const [x0, y0, x1, y1] of [[x, from, x, to], [x - arm, from, x + arm, from], [x - arm, to, x + arm, to]]) {
          context.moveTo(x0, y0);
          context.lineTo(x1, y1);
        }
        context.stroke();
      });
    });
  }

  resize() {
    for (const { drawn, place } of this.panels ?? []) {
      const width = place.clientWidth;
      if (width > 0 && width !== drawn.width) drawn.setSize({ width, height: drawn.height });
    }
  }

  redraw() {
    for (const { drawn } of this.panels) drawn.redraw();
    for (const canvas of this.legend.querySelectorAll("canvas")) canvas.draw();
  }
}

// The value at a place, or the one before it, or else the next one to it.
function nearest(values, at, onlyBefore) {
  for (let distance = 0; distance < values.length; distance++) {
    if (values[at - distance] !== undefined) return values[at - distance];
    if (!onlyBefore && values[at + distance] !== undefined) return values[at + distance];
  }
  return null;
}
