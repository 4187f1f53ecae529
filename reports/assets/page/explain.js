// The life of one pod in words.

// The pods of the page: those that are seen first at once, and all of them when somebody asks.
class Lives {
  constructor(data, nodes) {
    Object.assign(this, { ...data.get("pods"), end: nodes.times.at(-1) ?? 0 });
    const canExplain = document.body.dataset.explains === "true";
    this.first = new Pods(data, nodes, canExplain);
    this.all = lazily(async () => (this.count > this.first.count ? new Pods(await unpack("all-pods"), nodes, canExplain) : this.first));
  }
}

class Pods {
  constructor(data, nodes, canExplain) {
    this.names = data.get("pod.name");
    this.count = this.names.length;
    this.nodes = nodes;
    this.canExplain = canExplain;
    for (const word of ["outcome", "reason", "preemptedBy"]) this[word] = data.words(`pod.${word}`);
    // What pods of a shape have in common is there once.
    const shape = data.get("pod.shape");
    for (const word of ["namespace", "other"]) {
      const ofShape = data.words(`shape.${word}`);
      this[word] = (pod) => ofShape(shape[pod]);
    }
    for (const number of ["priority", "cpu", "memory"]) this[number] = (pod) => data.get(`shape.${number}`)[shape[pod]];
    this.reasons = data.get("pod.reason.words");
    this.reasonOf = data.get("pod.reason");
    for (const number of ["node", "attempts", "created", "waited", "starting", "lasted", "examined", "feasible", "scored", "best", "ties"]) {
      // Read only when somebody looks.
      Object.defineProperty(this, number, { get: () => data.get(`pod.${number}`) });
    }
  }

  fullName(pod) {
    return `${this.namespace(pod)}/${this.names[pod]}`;
  }

  nodeName(pod) {
    return this.node[pod] < 0 ? "" : this.nodes.name[this.node[pod]];
  }

  // Moments in microseconds since the start; null for what never happened.
  boundAt(pod) {
    return this.waited[pod] < 0 ? null : this.created[pod] + this.waited[pod];
  }

  startedAt(pod) {
    return this.starting[pod] < 0 ? null : (this.boundAt(pod) ?? this.created[pod]) + this.starting[pod];
  }

  endedAt(pod) {
    if (this.lasted[pod] < 0) return null;
    return (this.startedAt(pod) ?? this.boundAt(pod) ?? this.created[pod]) + this.lasted[pod];
  }

  // How long each pod waited for a node, until the end of the run where it never got one; −1 for those that were refused.
  get waits() {
    const end = this.nodes.times.at(-1) ?? 0;
    this.everyWait ??= this.waited.map((waited, pod) => (waited >= 0 || this.lasted[pod] >= 0 ? waited : end - this.created[pod]));
    return this.everyWait;
  }

  // Who was on a node at a moment, in order of creation.
  on(node, at, isEnd) {
    if (!this.byNode) {
      this.byNode = new Map();
      for (let pod = 0; pod < this.count; pod++) {
        const its = this.byNode.get(this.node[pod]);
        if (its) its.push(pod);
        else this.byNode.set(this.node[pod], [pod]);
      }
    }
    return (this.byNode.get(node) ?? []).filter((pod) => {
      const [bound, ended] = [this.boundAt(pod), this.endedAt(pod)];
      // A snapshot shows what was before anything of its instant happened, but for the last one.
      if (bound === null) return false;
      return isEnd ? ended === null && bound <= at : bound < at && (ended === null || ended >= at);
    });
  }
}

const OUTCOMES = {
  succeeded: "Succeeded", failed: "Failed", rejected: "Refused at admission", deleted: "Deleted", evicted: "Evicted",
  "taint-evicted": "Evicted by a taint of its node", "node-lost": "Lost with its node", preempted: "Preempted",
  pending: "Still without a node when the run ended", starting: "Still starting when the run ended",
  running: "Still running when the run ended", terminating: "Still terminating when the run ended",
};

// What happened to a pod, moment by moment, and why.
function explainPod(pods, pod) {
  const list = element("ol", { class: "life" });
  const tell = (at, ...text) => {
    const time = at === null ? "at the end" : moment(at, true);
    list.append(element("li", {}, element("span", { class: "when" }, time), element("span", {}, ...text)));
  };
  const outcome = pods.outcome(pod);
  const [created, bound, started, ended] = [pods.created[pod], pods.boundAt(pod), pods.startedAt(pod), pods.endedAt(pod)];
  if (outcome === "rejected") {
    tell(created, `Refused at admission: ${pods.reason(pod)}`);
    return list;
  }
  const asks = amounts(pods.cpu(pod), pods.memory(pod), pods.other(pod));
  tell(created, `Created with priority ${pods.priority(pod)}. It asks for ${asks}.`);
  const tried = pods.attempts[pod];
  if (pods.reason(pod)) {
    const whose = bound === null ? "The last attempt failed" : "The last attempt that failed said";
    tell(bound, `Tried ${plural(tried, "time")}. ${whose}: ${pods.reason(pod)}`);
  }
  if (bound !== null) tell(bound, ...placed(pods, pod));
  if (started !== null) tell(started, `Started ${duration(started - (bound ?? created))} after it was bound.`);
  const room = pods.preemptedBy(pod) ? ` It made room for ${pods.preemptedBy(pod)}.` : "";
  const after = started !== null && ended !== null ? ` after ${duration(ended - started)}` : "";
  tell(ended, `${OUTCOMES[outcome] ?? outcome}${after}.${room}`);
  const shell = `'${pods.fullName(pod).replaceAll("'", "'\\''")}'`;
  const name = /^[\w./-]+$/.test(pods.fullName(pod)) ? pods.fullName(pod) : shell;
  if (!pods.canExplain || tried === 0) return list;
  const more = element("p", { class: "quiet" }, "What every plugin said at each attempt: ",
    element("code", {}, `towtank explain . ${name}`), " in the folder of this page.");
  return element("div", {}, list, more);
}

// Where it was bound, and how that node was found.
function placed(pods, pod) {
  const node = pods.nodeName(pod);
  const found = [`Bound to ${node} after ${duration(pods.waited[pod])}`];
  if (pods.attempts[pod] > 0) found.push(`, at attempt ${grouped(pods.attempts[pod])}`);
  found.push(". ");
  if (pods.examined[pod] > 0) {
    const [looked, feasible, ties] = [pods.examined[pod], pods.feasible[pod], pods.ties[pod]];
    found.push(`The scheduler looked at ${plural(looked, "node")} and found ${grouped(feasible)} feasible`);
    if (!pods.scored[pod]) found.push(", so nothing had to be scored.");
    else if (ties > 1) found.push(`; it is one of ${grouped(ties)} with the highest total, ${grouped(pods.best[pod])}.`);
    else found.push(`; it has the highest total, ${grouped(pods.best[pod])}.`);
  }
  return [found.join("")];
}
