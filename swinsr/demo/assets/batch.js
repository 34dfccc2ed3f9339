// The results of a batch: a row each, with a thumbnail; a press shows it in the viewer above.
const list = element.querySelector(".lines");
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
};
const fileUrl = (path) =>
  new URL("gradio_api/file=" + path.split("/").map(encodeURIComponent).join("/"), document.baseURI);

const row = (line, index) => {
  const node = make(line.view ? "button" : "div", line.view ? "line" : "line failed");
  const text = make("span", "line-text");
  text.append(make("strong", "", line.name), make("span", "", line.text));
  if (line.view) {
    node.type = "button";
    const image = make("img");
    image.alt = "";
    image.src = fileUrl(line.view.thumb);
    node.append(image);
    node.setAttribute("aria-pressed", index === first);
    node.addEventListener("click", () => {
      for (const other of list.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
      node.setAttribute("aria-pressed", "true");
      document.querySelector("#batch-viewer .sv-root")
        .dispatchEvent(new CustomEvent("sv-show", { detail: line.view }));
    });
  } else node.append(make("span", "line-mark", "!"));
  node.append(text);
  return node;
};

let first = -1;
const show = () => {
  const lines = props.value ? JSON.parse(props.value) : [];
  first = lines.findIndex((line) => line.view);
  list.replaceChildren(...lines.map(row));
};
watch("value", show);
show();
