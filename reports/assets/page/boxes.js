// Panels of boxes in rows, of heat maps and Gantt charts: drawn into the space that uPlot leaves for series.

const BOX_ROW = { height: 18, least: 110, most: 330 };

class Boxes {
  constructor(boxes, data, themed, hidden) {
    Object.assign(this, { ...boxes, themed, hidden });
    for (const column of ["from", "to", "top", "bottom", "kind", "color"]) this[column] = data.get(boxes[column]);
    this.values = boxes.value && data.get(boxes.value);
    this.texts = boxes.text && data.get(boxes.text);
    // The places between which the keys move.
    this.places = [...new Set([...this.from, ...this.to])].sort((a, b) => a - b);
    this.last = this.rows.at(-1)?.[1] ?? 1;
  }

  get height() {
    return Math.min(BOX_ROW.most, Math.max(BOX_ROW.least, this.rows.length * BOX_ROW.height)) + 40;
  }

  // The vertical axis: names where there is room for them, else numbers.
  axis(shared) {
    const middles = this.rows.map(([, end], row) => (end + (this.rows[row - 1]?.[1] ?? 0)) / 2);
    const every = Math.ceil((this.rows.length * 14) / BOX_ROW.most);
    const longest = Math.max(...this.rows.map(([name]) => name.length));
    const isNamed = every === 1 && longest <= 18;
    const shown = middles.map((_, row) => row).filter((row) => (isNamed ? true : row % (every * 2) === 0));
    return {
      ...shared, ...(isNamed ? {} : { label: this.row, labelSize: 20, labelFont: shared.font }), size: isNamed ? 20 + longest * 7 : 40, grid: { show: false },
      splits: () => shown.map((row) => middles[row]), values: () => shown.map((row) => (isNamed ? this.rows[row][0] : String(row))),
    };
  }

  draw(u) {
    const { ctx } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    const { min, max } = u.scales.x;
    for (let box = 0; box < this.from.length; box++) {
      if (this.to[box] < min || this.from[box] > max || this.hidden.has(this.kinds[this.kind[box]])) continue;
      const [left, right] = [this.from[box], this.to[box]].map((x) => Math.round(u.valToPos(x, "x", true)));
      const [top, bottom] = [this.top[box], this.bottom[box]].map((y) => Math.round(u.valToPos(y, "y", true)));
      // Bars of a Gantt chart are set apart; cells of a heat map are not.
      const rim = this.kinds.length && bottom - top > 5 ? 1 : 0;
      ctx.fillStyle = this.themed(this.colors[this.color[box]]);
      ctx.fillRect(left, top + rim, Math.max(1, right - left - rim), bottom - top - 2 * rim);
    }
    ctx.restore();
  }

  // What is at a place, in words.
  tell(x, y) {
    for (let box = 0; box < this.from.length; box++) {
      if (x < this.from[box] || x > this.to[box] || y < this.top[box] || y > this.bottom[box]) continue;
      const row = this.rows.find(([, end]) => y <= end)?.[0] ?? "";
      if (this.values) return `${row}: ${decimals(this.values[box])}`;
      return `${this.texts[box]}, ${this.kinds[this.kind[box]]} on ${row}, ${moment(this.from[box] * MICROSECONDS)} to ${moment(this.to[box] * MICROSECONDS)}`;
    }
    return "";
  }
}

// What the colours of a heat map mean.
function heatScale({ colors, range }, label) {
  const canvas = element("canvas", { width: colors.length * 4, height: 12, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  colors.forEach((color, step) => {
    context.fillStyle = color;
    context.fillRect(step * 4, 0, 4, 12);
  });
  return element("span", { class: "key" }, `${label}: ${decimals(range[0])} `, canvas, ` ${decimals(range[1])}`);
}
