// Begins when the page is there. What needs a script is hidden until it works.

async function main() {
  const redraw = [];
  addEventListener("beforeprint", showPictures);
  setUpTheme(() => redraw.forEach((draw) => draw()));
  const data = await unpack("data");
  const plots = new Plots(data);
  redraw.push(() => plots.redraw());
  if (data.has("pods")) {
    const nodes = new Nodes(data);
    const lives = new Lives(data, nodes);
    for (const part of document.querySelectorAll("[data-live]")) part.hidden = false;
    const cluster = new ClusterView(nodes, lives, data.get("heat"));
    new PodTable(lives, cluster);
    redraw.push(() => cluster.draw());
  }
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
}

main().catch((error) => {
  // An old browser, mostly: what the page is without a script is still there.
  showPictures();
  byId("failed").hidden = false;
  throw error;
});
