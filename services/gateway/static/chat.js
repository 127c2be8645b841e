// Brings what is new in a talk: asks for it again and again, and is answered as soon as there is something. Sends what is
// written without leaving the page. Without this script the form and the links do.
"use strict";
const talk = document.getElementById("talk");
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const looked = () =>
  document.hidden && new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

function last() {
  talk.querySelector(".talk li:last-child")?.scrollIntoView({ block: "nearest" });
}

async function look() {
  const from = talk.firstElementChild.dataset.from;
  const answer = await fetch(from, { cache: "no-store", signal: AbortSignal.timeout(20000) });
  if (answer.status === 401 || answer.status === 404) return location.reload();
  if (!answer.ok) throw new Error(answer.status);
  if (answer.status === 204) return;
  talk.innerHTML = await answer.text();
  last();
}

async function follow() {
  for (;;) {
    await looked();
    try {
      await look();
      await rest(250);
    } catch {
      await rest(5000);
    }
  }
}

for (const form of document.querySelectorAll("form[data-say]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok) return form.submit();
      // The next message is one of its own, though it may have the same words.
      form.elements.key.value += "+";
      form.elements.text.value = "";
    } catch {
      return;
    } finally {
      button.disabled = false;
    }
    form.elements.text.focus();
  });
}
last();
follow();
