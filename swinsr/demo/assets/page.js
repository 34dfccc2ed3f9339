// What Gradio's own markup leaves out for keyboards and screen readers, put in as it appears: groups
// of choices get a name, and arrow keys go from one choice to the next; what unfolds says so; and who
// waits for others reads it in words.
(() => {
  const mend = () => {
    for (const set of document.querySelectorAll("fieldset.segments")) {
      const label = set.querySelector("[data-testid=block-info]");
      if (!label) continue;
      set.setAttribute("role", "radiogroup");
      set.setAttribute("aria-label", label.textContent.trim());
      for (const input of set.querySelectorAll("input[type=radio]"))
        if (input.name !== set.id) input.name = set.id;
    }
    for (const button of document.querySelectorAll(".more > .label-wrap"))
      button.setAttribute("aria-expanded", String(button.classList.contains("open")));
    for (const text of document.querySelectorAll(".meta-text-center"))
      text.dataset.queued = String(text.textContent.trim().startsWith("queue"));
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mend();
    });
  }).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["class"],
  });
})();
