// The designer: shows what stands in the form while somebody types, and sends pictures to the media store.
// Everything else works without it.
"use strict";
for (const form of document.querySelectorAll("form[data-designer]")) {
  const show = form.querySelector("button[data-show]");
  let waiting;
  const later = () => {
    if (!show) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(show), 500);
  };
  let typed = form.elements.title;
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea, input[name=title], input[name$='.text'], input[name$='.alt']")) typed = event.target;
  });
  form.addEventListener("click", (event) => {
    const gap = event.target.dataset.insert;
    if (gap === undefined || !typed) return;
    typed.setRangeText(gap, typed.selectionStart, typed.selectionEnd, "end");
    typed.focus();
    later();
  });
  form.addEventListener("input", (event) => {
    if (event.target.type !== "file" && !["member", "to", "note", "new", "other", "promotion"].includes(event.target.name)) later();
  });
  form.addEventListener("change", async (event) => {
    const chosen = event.target;
    if (chosen.type !== "file" || !chosen.files.length) return;
    const told = chosen.parentElement.querySelector("output");
    const answer = await fetch("/design/picture", { method: "POST", body: chosen.files[0] });
    if (answer.ok) {
      const kept = await answer.json();
      form.elements[chosen.dataset.into].value = kept.digest;
      told.textContent = "✓";
      later();
    } else {
      told.textContent = "▲ " + answer.status;
    }
  });
}
