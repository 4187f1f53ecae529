// Panels of box plots and violins: drawn into the space that uPlot leaves for series. They are zoomed in height, where the values are.

const SPREAD_HEIGHT = 300;

class Spreads {
  constructor(spread, axis, themed, hidden) {
    Object.assign(this, { ...spread, axis, themed, hidden, zoomed: null });
    this.bodies.sort((a, b) => a.middle - b.middle);
    // The places between which the keys move.
    this.places = this.bodies.map(({ middle }) => middle);
    this.height = SPREAD_HEIGHT;
  }

  get shown() {
    return this.bodies.filter(({ label }) => !this.hidden.has(label));
  }

  // The range of the vertical axis: what was zoomed to, or that of the picture, or what fits the series that are left.
  range() {
    if (this.zoomed) return this.zoomed;
    const { shown } = this;
    if (shown.length === 0 || shown.length === this.bodies.length) return [this.axis.from, this.axis.to];
    const low = Math.min(...shown.map(({ whiskers, outliers }) => Math.min(whiskers[0], ...outliers)));
    const high = Math.max(...shown.map(({ whiskers, outliers }) => Math.max(whiskers[1], ...outliers)));
    return this.axis.log ? [low / 1.1, high * 1.1] : uPlot.rangeNum(low, high, 0.1, true);
  }

  // Distances on the axis are of logarithms where it is logarithmic.
  get scale() {
    return this.axis.log ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  }

  zoom(u, factor) {
    const [to, back] = this.scale;
    const [low, high] = this.range().map(to);
    const body = this.bodies[u.cursor.idx];
    const middle = body && !this.hidden.has(body.label) ? to(body.quartiles[1]) : (low + high) / 2;
    this.show(u, [back(middle - (middle - low) * factor), back(middle + (high - middle) * factor)]);
  }

  // Shows a range of values; what is all that there is shows everything.
  show(u, range) {
    this.zoomed = range && range[1] > range[0] && (range[0] > this.axis.from || range[1] < this.axis.to) ? range : null;
    const [min, max] = this.range();
    u.setScale("y", { min, max });
    return this.zoomed !== null;
  }

  draw(u) {
    const { ctx } = u;
    const at = (x, y) => [u.valToPos(x, "x", true), u.valToPos(y, "y", true)];
    const path = (points) => {
      ctx.beginPath();
      points.forEach(([x, y], place) => (place ? ctx.lineTo(...at(x, y)) : ctx.moveTo(...at(x, y))));
    };
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.lineWidth = 1.4 * devicePixelRatio;
    for (const body of this.shown) {
      const { middle, half, quartiles: [low, median, high], whiskers, outliers, outline } = body;
      const [color, fill, ink] = [this.themed(body.color), this.themed(body.fill), colour("--ink")];
      const across = (y, part) => [[middle - half * part, y], [middle + half * part, y]];
      const line = (points, style) => {
        ctx.strokeStyle = style;
        path(points);
        ctx.stroke();
      };
      if (outline.length) {
        const side = (sign) => outline.map(([value, share]) => [middle + sign * half * share, value]);
        path([...side(1), ...side(-1).reverse()]);
        ctx.closePath();
        ctx.fillStyle = fill;
        ctx.strokeStyle = color;
        ctx.fill();
        ctx.stroke();
        line([[middle, low], [middle, high]], color);
        line(across(median, 0.5), ink);
      } else if (this.violins) {
        line(across(median, 1), color);
      } else {
        for (const [whisker, end] of [[whiskers[0], low], [whiskers[1], high]]) {
          line([[middle, whisker], [middle, end]], ink);
          line(across(whisker, 0.5), ink);
        }
        path([...across(low, 1), ...across(high, 1).reverse()]);
        ctx.closePath();
        ctx.fillStyle = color;
        ctx.strokeStyle = ink;
        ctx.fill();
        ctx.stroke();
        line(across(median, 1), ink);
        ctx.strokeStyle = color;
        for (const outlier of outliers) {
          ctx.beginPath();
          ctx.arc(...at(middle, outlier), 3 * devicePixelRatio, 0, 7);
          ctx.stroke();
        }
      }
    }
    ctx.restore();
  }

  // What stands at a place, in words.
  tell(x, write) {
    const body = this.shown.find(({ middle, half }) => Math.abs(x - middle) <= half * 1.2);
    if (!body) return "";
    const [low, median, high] = body.quartiles.map(write);
    const of = [body.category, body.label].filter(Boolean).join(", ");
    const parts = [`median ${median}`, `quartiles ${low} and ${high}`, `whiskers ${write(body.whiskers[0])} and ${write(body.whiskers[1])}`,
      `mean ${write(body.mean)}`, `${grouped(body.samples)} ${this.samples}`];
    return `${of}: ${parts.join(", ")}`;
  }
}
