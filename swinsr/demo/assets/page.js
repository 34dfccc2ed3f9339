// What Gradio's own markup leaves out for keyboards and screen readers, put in as it appears: groups
// of choices get a name, and arrow keys go from one choice to the next; what unfolds says so; who waits
// for others reads it in words; a button within a button is one button; and what is removed is named.
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
    for (const outer of document.querySelectorAll("button.icon-button:has(button)")) {
      outer.setAttribute("role", "group");
      outer.tabIndex = -1;
      outer.title = "Add pictures";
      outer.setAttribute("aria-label", outer.title);
      outer.querySelector("button").setAttribute("aria-label", outer.title);
    }
    for (const cross of document.querySelectorAll(".token > .token-remove"))
      cross.title = `Remove ${cross.previousElementSibling.textContent.trim()}`;
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
