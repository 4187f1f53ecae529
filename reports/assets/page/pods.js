// The table of pods: searched, sorted, in pages, each with its life.

const ROWS_OF_A_PAGE = 25;

class PodTable {
  constructor(pods, cluster) {
    this.pods = pods;
    this.cluster = cluster;
    this.all = Uint32Array.from({ length: pods.count }, (_, pod) => pod);
    this.rows = this.all;
    this.page = 0;
    this.sorted = { by: "created", up: true };
    this.body = byId("pod-rows");
    byId("pod-form").addEventListener("submit", (event) => event.preventDefault());
    byId("pod-search").addEventListener("input", () => this.search());
    byId("pod-outcome").addEventListener("change", () => this.search());
    byId("pod-previous").addEventListener("click", () => this.turn(-1));
    byId("pod-next").addEventListener("click", () => this.turn(1));
    for (const button of document.querySelectorAll("#pod-table thead button")) {
      button.addEventListener("click", () => this.sort(button.dataset.by));
    }
    this.offerOutcomes();
    this.show();
  }

  offerOutcomes() {
    const counts = new Map();
    for (let pod = 0; pod < this.pods.count; pod++) {
      const outcome = this.pods.outcome(pod);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    for (const [outcome, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      byId("pod-outcome").append(element("option", { value: outcome }, `${outcome} (${grouped(count)})`));
    }
  }

  // What is searched of each pod, made when somebody searches first.
  text(pod) {
    this.texts ??= Array.from(this.all, (one) => {
      const { pods } = this;
      return `${pods.fullName(one)}\n${pods.nodeName(one)}\n${pods.reason(one)}`.toLowerCase();
    });
    return this.texts[pod];
  }

  search() {
    const words = byId("pod-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = byId("pod-outcome").value;
    this.rows = this.all.filter((pod) => {
      if (outcome && this.pods.outcome(pod) !== outcome) return false;
      return words.every((word) => this.text(pod).includes(word));
    });
    this.order();
  }

  sort(by) {
    this.sorted = { by, up: this.sorted.by === by ? !this.sorted.up : !["waited", "lasted", "attempts"].includes(by) };
    for (const heading of document.querySelectorAll("#pod-table thead th[data-by]")) {
      const direction = this.sorted.up ? "ascending" : "descending";
      heading.setAttribute("aria-sort", heading.dataset.by === by ? direction : "none");
    }
    this.order();
  }

  order() {
    const { pods, sorted } = this;
    const names = new Intl.Collator("en", { numeric: true });
    const texts = { name: (pod) => pods.fullName(pod), node: (pod) => pods.nodeName(pod), outcome: (pod) => pods.outcome(pod) };
    const text = texts[sorted.by];
    const numbers = text ? null : pods[sorted.by];
    const compare = text ? (a, b) => names.compare(text(a), text(b)) : (a, b) => numbers[a] - numbers[b];
    const sign = sorted.up ? 1 : -1;
    this.rows.sort((a, b) => sign * compare(a, b) || a - b);
    this.page = 0;
    this.show();
  }

  turn(pages) {
    this.page += pages;
    this.show();
  }

  show() {
    const from = this.page * ROWS_OF_A_PAGE;
    const shown = this.rows.subarray(from, from + ROWS_OF_A_PAGE);
    this.body.replaceChildren(...Array.from(shown, (pod) => this.row(pod)));
    if (shown.length === 0) {
      this.body.append(element("tr", {}, element("td", { colspan: 8 }, "No pod is like that.")));
    }
    const all = grouped(this.rows.length);
    byId("pod-count").value = shown.length ? `${grouped(from + 1)} to ${grouped(from + shown.length)} of ${all}` : "none";
    byId("pod-previous").disabled = this.page === 0;
    byId("pod-next").disabled = from + ROWS_OF_A_PAGE >= this.rows.length;
  }

  row(pod) {
    const { pods } = this;
    const how = (value) => (value < 0 ? "–" : duration(value));
    const node = pods.nodeName(pod);
    const goTo = () => this.cluster.show(pods.node[pod], pods.boundAt(pod));
    const explain = element("button", { type: "button", "aria-expanded": "false", "aria-label": `Explain ${pods.fullName(pod)}` }, "explain");
    const row = element("tr", {},
      element("th", { scope: "row" }, pods.fullName(pod)),
      element("td", {}, pods.outcome(pod)),
      element("td", {}, node ? element("button", { type: "button", class: "link", onclick: goTo, title: "Show it in the cluster" }, node) : "–"),
      element("td", {}, moment(pods.created[pod])),
      element("td", {}, how(pods.waited[pod])),
      element("td", {}, how(pods.lasted[pod])),
      element("td", {}, grouped(pods.attempts[pod])),
      element("td", {}, explain));
    explain.addEventListener("click", () => {
      const open = explain.getAttribute("aria-expanded") === "true";
      explain.setAttribute("aria-expanded", String(!open));
      if (open) row.nextSibling.remove();
      else row.after(element("tr", { class: "explained" }, element("td", { colspan: 8 }, explainPod(pods, pod))));
    });
    return row;
  }
}
