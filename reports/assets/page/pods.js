// The table of pods: searched, sorted, in pages, each with its life.

const ROWS_OF_A_PAGE = 25;
const COLUMNS = 7;

class PodTable {
  constructor(lives, cluster) {
    Object.assign(this, { lives, cluster, pods: lives.first, rows: null, page: 0, sorted: { by: "created", up: true } });
    this.body = byId("pod-rows");
    byId("pod-form").addEventListener("submit", (event) => event.preventDefault());
    byId("pod-search").addEventListener("input", () => this.search());
    byId("pod-outcome").addEventListener("change", () => this.search());
    byId("pod-previous").addEventListener("click", () => this.turn(-1));
    byId("pod-next").addEventListener("click", () => this.turn(1));
    for (const button of document.querySelectorAll("#pod-table thead button")) {
      button.addEventListener("click", () => this.sort(button.dataset.by));
    }
    for (const [outcome, count] of Object.entries(lives.outcomes)) {
      byId("pod-outcome").append(element("option", { value: outcome }, `${outcome} (${grouped(count)})`));
    }
    this.show();
  }

  // Reads all pods, unless that has been done: from then on `rows` are those that are looked at, in order.
  async need() {
    this.pods = await this.lives.all();
    this.everyone ??= Uint32Array.from({ length: this.pods.count }, (_, pod) => pod);
    this.rows ??= this.everyone;
  }

  // The name and the node of each pod as they are searched, made when somebody searches first.
  text(pod) {
    this.texts ??= Array.from(this.everyone, (one) => `${this.pods.fullName(one)}\n${this.pods.nodeName(one)}`.toLowerCase());
    return this.texts[pod];
  }

  async search() {
    await this.need();
    const { reasons, reasonOf } = this.pods;
    const words = byId("pod-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    // Reasons are few and long: which of them have a word is looked up once.
    const inReason = words.map((word) => reasons.map((reason) => reason.toLowerCase().includes(word)));
    const outcome = byId("pod-outcome").value;
    this.rows = this.everyone.filter((pod) => {
      if (outcome && this.pods.outcome(pod) !== outcome) return false;
      return words.every((word, place) => this.text(pod).includes(word) || inReason[place][reasonOf[pod]]);
    });
    this.order();
  }

  async sort(by) {
    this.sorted = { by, up: this.sorted.by === by ? !this.sorted.up : !["waited", "lasted", "attempts"].includes(by) };
    for (const heading of document.querySelectorAll("#pod-table thead th[data-by]")) {
      const direction = this.sorted.up ? "ascending" : "descending";
      heading.setAttribute("aria-sort", heading.dataset.by === by ? direction : "none");
    }
    await this.need();
    this.rows = this.rows.slice();
    this.order();
  }

  order() {
    const numbers = this.ranks(this.sorted.by);
    const sign = this.sorted.up ? 1 : -1;
    this.rows.sort((a, b) => sign * (numbers[a] - numbers[b]) || a - b);
    this.page = 0;
    this.show();
  }

  // A number for each pod by which it is sorted; for a text its place among all of them, which is looked up once.
  ranks(by) {
    const { pods } = this;
    const texts = { name: (pod) => pods.fullName(pod), node: (pod) => pods.nodeName(pod), outcome: (pod) => pods.outcome(pod) };
    if (by === "waited") return pods.waits;
    if (!texts[by]) return pods[by];
    this.known ??= {};
    if (!this.known[by]) {
      // Numbers in names count as numbers: batch-9 comes before batch-10.
      const keys = Array.from(this.everyone, (pod) => texts[by](pod).replace(/\d+/g, (digits) => digits.padStart(12, "0")));
      const ranks = (this.known[by] = new Float64Array(keys.length));
      const sorted = this.everyone.slice().sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0));
      let rank = 0;
      sorted.forEach((pod, place) => {
        if (place && keys[pod] !== keys[sorted[place - 1]]) rank += 1;
        ranks[pod] = rank;
      });
    }
    return this.known[by];
  }

  async turn(pages) {
    await this.need();
    this.page = Math.max(0, Math.min(this.page + pages, Math.ceil(this.rows.length / ROWS_OF_A_PAGE) - 1));
    this.show();
  }

  show() {
    const from = this.page * ROWS_OF_A_PAGE;
    const count = this.rows ? this.rows.length : this.lives.count;
    const shown = this.rows ? this.rows.subarray(from, from + ROWS_OF_A_PAGE) : Array.from({ length: this.pods.count }, (_, pod) => pod);
    this.body.replaceChildren(...Array.from(shown, (pod) => this.row(pod)));
    if (shown.length === 0) {
      this.body.append(element("tr", {}, element("td", { colspan: COLUMNS }, "No pod is like that.")));
    }
    const all = grouped(count);
    byId("pod-count").value = shown.length ? `${grouped(from + 1)} to ${grouped(from + shown.length)} of ${all}` : "none";
    byId("pod-previous").disabled = this.page === 0;
    byId("pod-next").disabled = from + ROWS_OF_A_PAGE >= count;
  }

  row(pod) {
    const { pods } = this;
    const how = (value) => (value < 0 ? "–" : duration(value));
    const node = pods.nodeName(pod);
    const goTo = () => this.cluster.show(pods.node[pod], pods.boundAt(pod));
    const explain = element("button", { type: "button", class: "disclose", "aria-expanded": "false" },
      element("span", { class: "unseen" }, "Explain "), pods.fullName(pod));
    const waited = pods.waited[pod] < 0 && pods.waits[pod] >= 0 ? `≥ ${how(pods.waits[pod])}` : how(pods.waited[pod]);
    const cells = [pods.outcome(pod), node ? element("button", { type: "button", class: "link", onclick: goTo, title: "Show it in the cluster" }, node) : "–",
      moment(pods.created[pod]), waited, how(pods.lasted[pod]), grouped(pods.attempts[pod])];
    const row = element("tr", {}, element("th", { scope: "row" }, explain), ...cells.map((cell) => element("td", {}, cell)));
    explain.addEventListener("click", () => {
      const open = explain.getAttribute("aria-expanded") === "true";
      explain.setAttribute("aria-expanded", String(!open));
      if (open) row.nextSibling.remove();
      else row.after(element("tr", { class: "explained" }, element("td", { colspan: COLUMNS }, element("div", {}, explainPod(pods, pod)))));
    });
    return row;
  }
}
