// Cards of models: those that fit the words and the group are seen; a press on a card's button asks
// the server to fetch it. What was typed stays when the cards come anew.
let words = "", group = "";
const filter = () => {
  const search = element.querySelector("input");
  if (search.value !== words) search.value = words;
  for (const pill of element.querySelectorAll(".pills button"))
    pill.setAttribute("aria-pressed", String(pill.dataset.group === group));
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const card of element.querySelectorAll(".card")) {
    const fits = wanted.every((word) => card.dataset.words.includes(word)) &&
      (!group || card.dataset.groups.split(" ").includes(group));
    card.hidden = !fits;
    count += fits;
  }
  element.querySelector("[data-count]").textContent =
    count === 0 ? "No model fits." : `${count} model${count === 1 ? "" : "s"}`;
};
element.addEventListener("input", (event) => {
  if (event.target.id !== "models-search") return;
  words = event.target.value;
  filter();
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.download) {
    trigger("click", { name: button.dataset.download });
    return;
  }
  group = button.dataset.group;
  filter();
});
watch("value", () => requestAnimationFrame(filter));
filter();
