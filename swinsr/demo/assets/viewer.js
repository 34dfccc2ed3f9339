// Pictures that are looked at together: two behind a divider, or several side by side. All show the
// same part; wheel, pinch, drag, buttons and keys zoom and move. Runs once for each viewer, with
// `element`, `props` and `watch` given; `props.value` is a JSON text or empty.
const root = element.querySelector(".sv-root");
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
};
const fileUrl = (path) =>
  new URL("gradio_api/file=" + path.split("/").map(encodeURIComponent).join("/"), document.baseURI);

class Viewer {
  constructor(data) {
    this.data = data;
    this.zoom = 1; // of what fits; x and y are the middle of what is shown, as shares
    this.x = this.y = 0.5;
    this.divider = 0.5;
    this.pointers = new Map();
    this.frames = [];
    this.foot = make("div", "sv-foot");
    root.replaceChildren(this.toolbar(), this.stage(), this.foot);
    this.finish();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.area);
    this.draw();
    this.load();
  }

  async load() {
    const images = [...this.area.querySelectorAll("img")];
    await Promise.allSettled(images.map((image) => image.decode()));
    root.dataset.ready = images.every((image) => image.naturalWidth > 0) ? "true" : "broken";
  }

  // What was done, and the file; again when the result was saved in another format.
  finish() {
    if (!this.data.file) return;
    const facts = make("dl", "sv-facts");
    for (const [name, value] of this.data.facts) {
      const box = make("div");
      box.append(make("dt", "", name), make("dd", "", value));
      facts.append(box);
    }
    const name = this.data.file.split("/").pop();
    const link = make("a", "sv-download", "Download");
    link.href = fileUrl(this.data.file);
    link.download = name;
    link.title = name;
    link.setAttribute("aria-label", "Download " + name);
    this.foot.replaceChildren(facts, link);
    if (this.data.notes) this.foot.append(make("p", "note sv-notes", this.data.notes));
  }

  toolbar() {
    const bar = make("div", "sv-bar");
    const button = (text, label, act) => {
      const node = make("button", "sv-button", text);
      node.type = "button";
      node.title = label;
      node.setAttribute("aria-label", label);
      node.addEventListener("click", act);
      bar.append(node);
    };
    button("−", "Zoom out", () => this.zoomBy(1 / 1.5));
    this.label = make("span", "sv-zoom");
    this.label.setAttribute("aria-live", "polite");
    bar.append(this.label);
    button("+", "Zoom in", () => this.zoomBy(1.5));
    button("Fit", "Show the whole picture", () => this.fit());
    button("1 : 1", "One picture pixel for each screen pixel", () => this.actual());
    button("Full screen", "Full screen", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else root.requestFullscreen?.();
    });
    return bar;
  }

  picture(panel) {
    const image = make("img");
    image.alt = panel.label;
    image.draggable = false;
    image.src = fileUrl(panel.file);
    return image;
  }

  stage() {
    this.area = make("div", this.data.mode === "split" ? "sv-split" : "sv-grid");
    if (this.data.mode === "split") this.split();
    else {
      this.area.dataset.count = this.data.panels.length;
      this.area.dataset.pairs = Boolean(this.data.pairs);
      for (const panel of this.data.panels) this.panel(panel);
    }
    return this.area;
  }

  frame(label) {
    const frame = make("div", "sv-frame");
    frame.style.aspectRatio = `${this.data.width} / ${this.data.height}`;
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute(
      "aria-label", label + ". Plus and minus zoom, arrow keys move, 0 shows the whole picture."
    );
    this.listen(frame);
    this.frames.push(frame);
    return frame;
  }

  panel(panel) {
    const figure = make("figure", "sv-panel");
    const caption = make("figcaption");
    caption.append(make("strong", "", panel.label), make("span", "", panel.note || ""));
    const frame = this.frame(panel.label);
    frame.append(this.picture(panel));
    figure.append(frame, caption);
    this.area.append(figure);
  }

  split() {
    const [before, after] = this.data.panels;
    const frame = this.frame(before.label + " and " + after.label);
    this.after = this.picture(after);
    this.before = this.picture(before);
    this.handle = make("div", "sv-handle");
    this.handle.tabIndex = 0;
    for (const [name, value] of Object.entries({
      role: "slider", "aria-label": "Divider between before and after",
      "aria-valuemin": 0, "aria-valuemax": 100,
    })) this.handle.setAttribute(name, value);
    this.handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 }[event.key];
      const end = { Home: 0, End: 1 }[event.key];
      if (step === undefined && end === undefined) return;
      this.divide(end ?? this.divider + step);
      event.preventDefault();
      event.stopPropagation();
    });
    this.handle.addEventListener("pointerdown", (event) => {
      this.dragging = event.pointerId;
      this.handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    this.handle.addEventListener("pointermove", (event) => {
      if (this.dragging !== event.pointerId) return;
      const box = frame.getBoundingClientRect();
      this.divide((event.clientX - box.left) / box.width);
    });
    for (const name of ["pointerup", "pointercancel"])
      this.handle.addEventListener(name, () => { this.dragging = undefined; });
    frame.append(
      this.after, this.before,
      make("span", "sv-tag sv-left", before.label), make("span", "sv-tag sv-right", after.label),
      this.handle
    );
    this.area.append(frame);
  }

  divide(share) {
    this.divider = Math.min(Math.max(share, 0), 1);
    this.draw();
  }

  listen(frame) {
    frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 400), this.share(frame, event));
    }, { passive: false });
    frame.addEventListener("pointerdown", (event) => {
      frame.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, event);
    });
    frame.addEventListener("pointermove", (event) => this.moved(frame, event));
    for (const name of ["pointerup", "pointercancel"])
      frame.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    frame.addEventListener("dblclick", () => this.fit());
    frame.addEventListener("keydown", (event) => {
      const step = 0.1 / this.zoom;
      const act = {
        "+": () => this.zoomBy(1.5), "=": () => this.zoomBy(1.5), "-": () => this.zoomBy(1 / 1.5),
        0: () => this.fit(), ArrowLeft: () => this.move(-step, 0), ArrowRight: () => this.move(step, 0),
        ArrowUp: () => this.move(0, -step), ArrowDown: () => this.move(0, step),
      }[event.key];
      if (!act || event.ctrlKey || event.metaKey) return;
      act();
      event.preventDefault();
    });
  }

  // Where in the frame the pointer is, as shares.
  share(frame, event) {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  moved(frame, event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const box = frame.getBoundingClientRect();
    if (this.pointers.size === 2) {
      const other = [...this.pointers.values()].find((p) => p.pointerId !== event.pointerId);
      const apart = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
      const [a, b] = [this.share(frame, event), this.share(frame, other)];
      this.zoomBy(apart(event) / Math.max(apart(last), 1), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
    } else {
      this.move(
        -(event.clientX - last.clientX) / box.width / this.zoom,
        -(event.clientY - last.clientY) / box.height / this.zoom
      );
    }
    this.pointers.set(event.pointerId, event);
  }

  // `at` stays where it is: shares of the frame, its middle by default.
  zoomBy(factor, at = [0.5, 0.5]) {
    const old = this.zoom;
    this.zoom = Math.min(Math.max(old * factor, 1), 64);
    this.x += (at[0] - 0.5) * (1 / old - 1 / this.zoom);
    this.y += (at[1] - 0.5) * (1 / old - 1 / this.zoom);
    this.draw();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.draw();
  }

  fit() {
    this.zoom = 1;
    this.x = this.y = 0.5;
    this.draw();
  }

  actual() {
    const width = this.frames[0].clientWidth * devicePixelRatio;
    this.zoom = Math.max(this.data.width / width, 1);
    this.draw();
  }

  draw() {
    const half = 0.5 / this.zoom;
    this.x = Math.min(Math.max(this.x, half), 1 - half);
    this.y = Math.min(Math.max(this.y, half), 1 - half);
    const shift = (middle) => (0.5 - middle * this.zoom) * 100;
    const width = this.frames[0].clientWidth || 1;
    const magnified = (this.zoom * width) / this.data.width >= 2;
    for (const image of root.querySelectorAll("img")) {
      image.style.transform =
        `translate(${shift(this.x)}%, ${shift(this.y)}%) scale(${this.zoom})`;
      image.style.imageRendering = magnified && image !== this.before ? "pixelated" : "auto";
    }
    if (this.handle) {
      const percent = Math.round(this.divider * 100);
      // In the picture's own coordinates, before it is moved and scaled.
      const right = 1 - (this.x + (this.divider - 0.5) / this.zoom);
      this.before.style.clipPath = `inset(0 ${Math.min(Math.max(right, 0), 1) * 100}% 0 0)`;
      this.handle.style.left = `${this.divider * 100}%`;
      this.handle.setAttribute("aria-valuenow", percent);
      this.handle.setAttribute("aria-valuetext", `${percent} % before`);
    }
    const scale = (this.zoom * width * devicePixelRatio) / this.data.width;
    this.label.textContent = `${Math.round(scale * 100)} %`;
    root.dataset.view = [this.zoom, this.x, this.y].map((n) => n.toFixed(4)).join(" ");
  }
}

// The results of this visit, the newest first; those that the server has deleted leave by themselves.
const KEPT = "swinsr-results", MOST = 8;
const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) || [];
  } catch {
    return [];
  }
};
const keep = (list) => {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(list.slice(0, MOST)));
  } catch { /* a browser that keeps nothing */ }
};
const shownFile = (data) => data.panels[1].file;
const strip = make("div", "sv-strip");
strip.setAttribute("role", "group");
strip.setAttribute("aria-label", "Results of this visit");
const drawStrip = () => {
  const list = kept();
  const current = root.viewer && shownFile(root.viewer.data);
  strip.replaceChildren(...list.map((data) => {
    const name = data.file.split("/").pop();
    const button = make("button", "sv-kept");
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", "Show " + name);
    button.setAttribute("aria-pressed", String(shownFile(data) === current));
    const image = make("img");
    image.alt = "";
    image.addEventListener("error", () => {
      keep(kept().filter((other) => shownFile(other) !== shownFile(data)));
      button.remove();
      strip.hidden = strip.children.length < 1;
    });
    image.src = fileUrl(data.thumb);
    button.append(image);
    button.addEventListener("click", () => open(data));
    return button;
  }));
  strip.hidden = list.length < 1;
};

const open = (data) => {
  const old = root.viewer;
  if (old && data.file && old.data.panels.every((p, i) => p.file === data.panels[i]?.file)) {
    old.data = data; // saved in another format: what is looked at stays
    old.finish();
  } else {
    old?.observer.disconnect();
    delete root.dataset.ready;
    root.viewer = new Viewer(data);
  }
  if (root.dataset.keeps) {
    root.append(strip);
    drawStrip();
  }
};
// Where the result is below the choices, as on a phone, nobody should have to look for it.
const reveal = () => requestAnimationFrame(() => {
  const box = root.getBoundingClientRect();
  if (box.height && box.bottom > innerHeight && box.top > innerHeight * 0.3)
    root.scrollIntoView({ block: "start", behavior: "smooth" });
});
const show = () => {
  if (props.value) {
    const data = JSON.parse(props.value);
    if (root.dataset.keeps)
      keep([data, ...kept().filter((other) => shownFile(other) !== shownFile(data))]);
    open(data);
    reveal();
    return;
  }
  root.viewer?.observer.disconnect();
  root.viewer = undefined;
  delete root.dataset.ready;
  root.replaceChildren(empty.cloneNode(true));
  if (root.dataset.keeps) {
    root.append(strip);
    drawStrip();
  }
};
const empty = root.querySelector("template").content.firstElementChild;
root.addEventListener("sv-show", (event) => open(event.detail));
watch("value", show);
show();
