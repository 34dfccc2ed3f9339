"use strict";

// Tables: a click on a heading sorts by its column, numbers by their full value.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sort(table, headings, column));
  });
}

function sort(table, headings, column) {
  const heading = headings[column];
  const number = !heading.classList.contains("text");
  const now = heading.getAttribute("aria-sort");
  // Numbers begin with the largest, texts with the first.
  const ascending = now ? now === "descending" : !number;
  headings.forEach((h) => h.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.value;
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => {
    const x = value(a), y = value(b);
    if (x === "" || y === "") return (x === "") - (y === "");  // what is not there stays last
    const order = number ? x - y : x.localeCompare(y, undefined, { numeric: true });
    return ascending ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

// Pictures: all panels of one picture show the same part of it.
const data = JSON.parse(document.getElementById("crops").textContent);
const gain = document.getElementById("gain");
const viewers = [];

class Viewer {
  constructor(root, crop) {
    this.root = root;
    this.crop = crop;
    this.stage = root.querySelector(".stage");
    this.label = root.querySelector(".zoom");
    this.panels = [];
    this.reset();
  }

  async load() {
    if (this.panels.length) return;
    this.panels = this.crop.panels.map((panel) => ({ ...panel }));
    for (const panel of this.panels) this.build(panel);
    await Promise.all(this.panels.map((panel) => panel.image.decode()));
    this.truth = this.panels.find((panel) => panel.truth);
    this.compare();
    this.root.dataset.ready = "true";
  }

  build(panel) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.append(panel.label, document.createElement("br"));
    const score = document.createElement("span");
    score.className = "dim";
    score.textContent = panel.score;
    caption.append(score);
    figure.append(caption);
    panel.canvas = this.canvas(figure, panel.label);
    if (panel.compare) {
      panel.difference = this.canvas(figure, "difference of " + panel.label + " from the truth");
      panel.difference.classList.add("difference");
    }
    panel.image = new Image();
    panel.image.src = "data:image/webp;base64," + panel.data;
    this.stage.append(figure);
  }

  canvas(figure, label) {
    const canvas = document.createElement("canvas");
    canvas.width = 2 * this.crop.width;
    canvas.height = 2 * this.crop.height;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    figure.append(canvas);
    return canvas;
  }

  pixels(image) {
    const canvas = new OffscreenCanvas(this.crop.width, this.crop.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return [canvas, context, context.getImageData(0, 0, canvas.width, canvas.height)];
  }

  compare() {
    const [, , truth] = this.pixels(this.truth.image);
    for (const panel of this.panels) {
      if (!panel.compare) continue;
      const [canvas, context, own] = this.pixels(panel.image);
      for (let i = 0; i < own.data.length; i++) {
        if (i % 4 !== 3) own.data[i] = gain.value * Math.abs(own.data[i] - truth.data[i]);
      }
      context.putImageData(own, 0, 0);
      panel.map = canvas;
    }
    this.draw();
  }

  reset() {
    this.zoom = 1;
    this.x = this.y = 0;
    this.draw();
  }

  // Zoom by a factor so that the point (x, y), as shares of a panel, stays where it is.
  scale(factor, x = 0.5, y = 0.5) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), 20);
    this.x += x / this.zoom - x / zoom;
    this.y += y / this.zoom - y / zoom;
    this.zoom = zoom;
    this.draw();
  }

  move(x, y) {
    this.x += x / this.zoom;
    this.y += y / this.zoom;
    this.draw();
  }

  draw() {
    const room = 1 - 1 / this.zoom;
    this.x = Math.min(Math.max(this.x, 0), room);
    this.y = Math.min(Math.max(this.y, 0), room);
    this.root.dataset.view = [this.zoom, this.x, this.y].map((n) => n.toFixed(4)).join(" ");
    this.label.textContent = this.zoom.toFixed(1) + "\u00d7";
    for (const panel of this.panels) {
      this.show(panel.canvas, panel.image, panel.image.naturalWidth, panel.image.naturalHeight);
      if (panel.map) this.show(panel.difference, panel.map, panel.map.width, panel.map.height);
    }
  }

  show(canvas, source, width, height) {
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    const part = [this.x * width, this.y * height, width / this.zoom, height / this.zoom];
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, ...part, 0, 0, canvas.width, canvas.height);
  }
}

function listen(viewer) {
  const { stage, root } = viewer;
  const share = (event) => {
    const box = event.target.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  let from = null;
  stage.addEventListener("wheel", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    event.preventDefault();
    viewer.scale(2 ** (-event.deltaY / 300), ...share(event));
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    from = share(event);
    event.target.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = share(event);
    viewer.move(from[0] - to[0], from[1] - to[1]);
    from = to;
  });
  stage.addEventListener("pointerup", () => { from = null; });
  stage.addEventListener("pointercancel", () => { from = null; });
  stage.addEventListener("dblclick", () => viewer.reset());
  stage.addEventListener("keydown", (event) => {
    const actions = {
      "+": () => viewer.scale(1.5), "=": () => viewer.scale(1.5), "-": () => viewer.scale(1 / 1.5),
      "0": () => viewer.reset(),
      ArrowLeft: () => viewer.move(-0.1, 0), ArrowRight: () => viewer.move(0.1, 0),
      ArrowUp: () => viewer.move(0, -0.1), ArrowDown: () => viewer.move(0, 0.1),
    };
    if (event.ctrlKey || event.metaKey || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
  root.querySelector(".in").addEventListener("click", () => viewer.scale(1.5));
  root.querySelector(".out").addEventListener("click", () => viewer.scale(1 / 1.5));
  root.querySelector(".whole").addEventListener("click", () => viewer.reset());
}

// Pictures are decoded only when they come near the screen.
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    viewers[entry.target.dataset.index].load();
  }
}, { rootMargin: "600px" });

document.querySelectorAll(".picture").forEach((root, index) => {
  root.dataset.index = index;
  const viewer = new Viewer(root, data[index]);
  viewers.push(viewer);
  listen(viewer);
  observer.observe(root);
});
if (gain) {
  gain.addEventListener("input", () => {
    document.getElementById("gain-value").textContent = gain.value + "\u00d7";
    for (const viewer of viewers) if (viewer.truth) viewer.compare();
  });
}
