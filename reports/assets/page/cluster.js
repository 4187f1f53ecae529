// The cluster at a moment: nodes as cells coloured by load, and the pods of one of them.

const [ABSENT, READY, NOT_READY, CORDONED] = [0, 1, 2, 3];
const NO_SHARE = 255;
const CONDITIONS = ["not there", "ready", "not ready", "cordoned"];
// Pods of a node that are listed.
const MOST_PODS_OF_A_NODE = 200;

// The nodes and their states at every snapshot.
class Nodes {
  constructor(data) {
    this.data = data;
    this.resources = data.get("resources");
    this.times = data.get("times");
    this.name = data.get("node.name");
    this.count = this.name.length;
    this.planes = new Map();
    // The states are read when somebody is about to look at them; until then there are none.
    this.states = null;
    this.read = lazily(async () => {
      this.states = await unpack("all-states");
    });
    for (const word of ["zone", "group", "other"]) this[word] = data.words(`node.${word}`);
  }

  // The values of all snapshots, one after the other: they are kept as differences to the snapshot before.
  plane(name) {
    if (!this.planes.has(name)) this.planes.set(name, this.states.sumsOver(`state.${name}`, this.count));
    return this.planes.get(name);
  }

  at(name, snapshot, node) {
    return this.plane(name)[snapshot * this.count + node];
  }

  // What a node is in one line.
  describe(snapshot, node) {
    const condition = this.at("condition", snapshot, node);
    if (condition === ABSENT) return CONDITIONS[ABSENT];
    const parts = condition === READY ? [] : [CONDITIONS[condition]];
    this.resources.forEach((resource, place) => {
      const share = this.at(`share${place}`, snapshot, node);
      if (share !== NO_SHARE) parts.push(`${resource.title} ${decimals(share / 2)} %`);
    });
    parts.push(plural(this.at("pods", snapshot, node), "pod"));
    return parts.join(", ");
  }

  // Nodes that stand together: of a zone, or else of a node group; each with its heading.
  groups() {
    const word = ["zone", "group"].find((by) => new Set(Array.from(this.name, (_, node) => this[by](node))).size > 1);
    const groups = new Map();
    for (let node = 0; node < this.count; node++) {
      const key = word ? this[word](node) : "";
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(node);
    }
    const order = new Intl.Collator("en", { numeric: true });
    const sorted = [...groups].sort(([a], [b]) => order.compare(a, b));
    return sorted.map(([key, nodes]) => ({
      title: word ? `${word === "zone" ? "Zone" : "Node group"} ${key || "(none)"}` : "",
      nodes: nodes.sort((a, b) => order.compare(this.group(a), this.group(b)) || a - b),
    }));
  }
}

class ClusterView {
  constructor(nodes, lives, heat) {
    Object.assign(this, { nodes, lives, heat, groups: nodes.groups() });
    this.order = this.groups.flatMap((group) => group.nodes);
    this.snapshot = nodes.times.length - 1;
    this.chosen = 0;
    this.shown = null;
    this.box = byId("cells");
    this.canvas = this.box.querySelector("canvas");
    this.resource = byId("load-of");
    this.slider = byId("time");
    this.setUp();
  }

  setUp() {
    this.nodes.resources.forEach((resource, place) => {
      this.resource.append(element("option", { value: place }, resource.title));
    });
    this.resource.addEventListener("change", () => this.draw());
    this.slider.max = this.nodes.times.length - 1;
    // In the middle of what happened there is more to see than at its end.
    this.slider.value = this.snapshot = Math.floor(this.snapshot / 2);
    this.slider.addEventListener("input", () => {
      this.snapshot = Number(this.slider.value);
      this.tellTime();
      this.draw();
      if (this.shown !== null) this.showNode(this.shown);
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => this.draw());
    this.box.addEventListener("blur", () => this.draw());
    this.canvas.addEventListener("click", (event) => this.choose(this.cellAt(event), true));
    this.canvas.addEventListener("mousemove", (event) => {
      const place = this.cellAt(event);
      this.canvas.title = place < 0 || !this.nodes.states ? "" : this.describe(place);
    });
    byId("play").addEventListener("click", () => this.play());
    const scale = byId("heat").getContext("2d");
    this.heat.forEach((fill, step) => {
      scale.fillStyle = fill;
      scale.fillRect(step * 8, 0, 8, 12);
    });
    new ResizeObserver(() => this.layOut()).observe(this.box);
    // There may be millions of states, which nobody has to see.
    const observer = new IntersectionObserver(async (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      await this.nodes.read();
      this.draw();
    }, { rootMargin: "600px" });
    observer.observe(this.box);
    this.tellTime();
    this.layOut();
  }

  tellTime() {
    const time = moment(this.nodes.times[this.snapshot]);
    byId("time-told").value = time;
    this.slider.setAttribute("aria-valuetext", time);
  }

  describe(place) {
    const node = this.order[place];
    return `${this.nodes.name[node]}: ${this.nodes.describe(this.snapshot, node)}`;
  }

  // Where the cells are: as large as they may be so that all of them fit into a screen.
  layOut() {
    const width = this.box.clientWidth;
    if (width === 0) return;
    const heading = this.groups[0]?.title ? 24 : 0;
    const rows = (size) => this.groups.reduce((sum, group) => sum + Math.ceil(group.nodes.length / Math.floor(width / size)), 0);
    let size = 28;
    while (size > 4 && rows(size) * size + this.groups.length * heading > 420) size--;
    const perRow = Math.max(1, Math.floor(width / size));
    this.cells = { size, perRow, left: new Int32Array(this.order.length), top: new Int32Array(this.order.length), headings: [] };
    let [y, place] = [0, 0];
    for (const group of this.groups) {
      if (heading) this.cells.headings.push([group.title, y + 16]);
      y += heading;
      group.nodes.forEach((_, index) => {
        this.cells.left[place] = (index % perRow) * size;
        this.cells.top[place++] = y + Math.floor(index / perRow) * size;
      });
      y += Math.ceil(group.nodes.length / perRow) * size;
    }
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, Math.max(1, y) * ratio];
    this.canvas.style.height = `${y}px`;
    this.draw();
  }

  draw() {
    if (!this.cells || !this.nodes.states) return;
    const { size, left, top, headings } = this.cells;
    const context = this.canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const [ink, muted, line, paper] = ["--ink", "--muted", "--line", "--paper"].map(colour);
    context.font = `13px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = muted;
    for (const [title, y] of headings) context.fillText(title, 0, y);
    const conditions = this.nodes.plane("condition");
    const shares = this.nodes.resources.length ? this.nodes.plane(`share${this.resource.value}`) : null;
    const inner = size > 6 ? size - 2 : size - 1;
    context.lineWidth = 1;
    this.order.forEach((node, place) => {
      const [x, y, at] = [left[place], top[place], this.snapshot * this.nodes.count + node];
      const share = shares ? shares[at] : NO_SHARE;
      if (conditions[at] === ABSENT || share === NO_SHARE) {
        context.strokeStyle = line;
        context.strokeRect(x + 0.5, y + 0.5, inner - 1, inner - 1);
        if (conditions[at] === ABSENT) return;
      } else {
        context.fillStyle = this.heat[Math.round((share / 200) * (this.heat.length - 1))];
        context.fillRect(x, y, inner, inner);
      }
      if (conditions[at] === READY) return;
      // A cross over one that is not ready, a stroke through one that takes no pods; on any ground.
      const strokes = conditions[at] === CORDONED ? [[0, 1]] : [[0, 1], [1, 0]];
      for (const [style, width] of [[paper, 3], [ink, 1.2]]) {
        [context.strokeStyle, context.lineWidth] = [style, width];
        context.beginPath();
        for (const [from, to] of strokes) {
          context.moveTo(x + 1, y + 1 + from * (inner - 2));
          context.lineTo(x + inner - 1, y + 1 + to * (inner - 2));
        }
        context.stroke();
      }
      context.lineWidth = 1;
    });
    const focused = document.activeElement === this.box;
    if (this.order.length && (focused || this.shown !== null)) {
      const [x, y] = [left[this.chosen], top[this.chosen]];
      [context.strokeStyle, context.lineWidth] = [paper, 4];
      context.strokeRect(x, y, inner, inner);
      [context.strokeStyle, context.lineWidth] = [colour("--accent"), 2];
      context.strokeRect(x, y, inner, inner);
    }
    // Another node is another option, so that it is read out.
    const cell = this.box.querySelector("[role=option]");
    cell.id = `cell-${this.chosen}`;
    this.box.setAttribute("aria-activedescendant", cell.id);
    cell.textContent = this.order.length ? this.describe(this.chosen) : "no nodes";
    cell.setAttribute("aria-posinset", this.chosen + 1);
    cell.setAttribute("aria-setsize", this.order.length);
  }

  cellAt(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const { size, left, top } = this.cells;
    return this.order.findIndex((_, place) => {
      const [dx, dy] = [x - left[place], y - top[place]];
      return dx >= 0 && dx < size && dy >= 0 && dy < size;
    });
  }

  key(event) {
    const { perRow } = this.cells;
    const last = this.order.length - 1;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      this.choose(Math.min(last, Math.max(0, this.chosen + steps[event.key])), false);
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(this.chosen, true);
    } else {
      return;
    }
    event.preventDefault();
  }

  choose(place, open) {
    if (place < 0 || place >= this.order.length) return;
    this.chosen = place;
    if (open) this.showNode(this.order[place]);
    this.draw();
  }

  // A node by its number, from elsewhere on the page, at a moment.
  show(node, at) {
    const later = this.nodes.times.findIndex((time) => time > at);
    this.snapshot = later < 0 ? this.nodes.times.length - 1 : later;
    this.slider.value = this.snapshot;
    this.tellTime();
    this.choose(this.order.indexOf(node), true);
    byId("cluster").scrollIntoView();
    this.box.focus({ preventScroll: true });
  }

  async showNode(node) {
    this.shown = node;
    const [pods] = await Promise.all([this.lives.all(), this.nodes.read()]);
    // Another one may have been chosen meanwhile.
    if (this.shown !== node) return;
    const [nodes, at] = [this.nodes, this.nodes.times[this.snapshot]];
    byId("node-told").textContent = `${nodes.name[node]} at ${moment(at)}: ${nodes.describe(this.snapshot, node)}`;
    const panel = byId("node");
    const place = [nodes.zone(node) && `zone ${nodes.zone(node)}`, nodes.group(node) && `node group ${nodes.group(node)}`];
    const offers = amounts(nodes.data.get("node.cpu")[node], nodes.data.get("node.memory")[node], nodes.other(node));
    const removed = nodes.data.get("node.removed")[node];
    const life = `Added at ${moment(nodes.data.get("node.added")[node])}` + (removed < 0 ? "" : `, removed at ${moment(removed)}`);
    const isEnd = this.snapshot === nodes.times.length - 1;
    const here = pods.on(node, at, isEnd);
    const count = nodes.at("pods", this.snapshot, node);
    const list = element("div", { class: "lives" });
    for (const pod of here.slice(0, MOST_PODS_OF_A_NODE)) list.append(this.podOf(pods, pod));
    const told = [`${plural(count, "pod")} at ${moment(at)}`];
    if (here.length < count) told.push(`, of which ${grouped(here.length)} ${here.length === 1 ? "is" : "are"} in this page`);
    if (here.length > MOST_PODS_OF_A_NODE) told.push(`; the first ${MOST_PODS_OF_A_NODE} are listed`);
    panel.replaceChildren(
      element("h3", {}, `Node ${nodes.name[node]}`),
      element("p", {}, [...place.filter(Boolean), `offers ${offers}`].join(", "), ". ", life, "."),
      element("p", { class: "quiet" }, told.join(""), "."),
      list,
    );
  }

  // A pod that tells its life when it is opened.
  podOf(pods, pod) {
    const until = pods.endedAt(pod) === null ? "" : ` to ${moment(pods.endedAt(pod))}`;
    const asks = amounts(pods.cpu(pod), pods.memory(pod), pods.other(pod));
    const summary = element("summary", {}, pods.fullName(pod), " ",
      element("span", { class: "quiet" }, `${moment(pods.boundAt(pod))}${until}, ${asks}`));
    const details = element("details", {}, summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(explainPod(pods, pod));
    });
    return details;
  }

  play() {
    const button = byId("play");
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
      button.textContent = "Play";
      return;
    }
    button.textContent = "Pause";
    const last = this.nodes.times.length - 1;
    if (this.snapshot === last) this.slider.value = 0;
    this.timer = setInterval(() => {
      this.slider.value = Number(this.slider.value) + 1;
      this.slider.dispatchEvent(new Event("input"));
      if (this.snapshot === last) this.play();
    }, 80);
  }
}
