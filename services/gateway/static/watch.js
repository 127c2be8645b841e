// Asks every other second for what changes on the page, and puts it in place; when the state changes, so do the buttons,
// and the page is loaded again. Without this script the page can be loaded again by hand.
const watched = document.getElementById("watched");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(watched.dataset.from, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    if (fresh.firstElementChild?.dataset.state !== watched.firstElementChild.dataset.state) return location.reload();
    watched.innerHTML = fresh.innerHTML;
  } catch {
    // The next look says more.
  }
}

if (watched) setInterval(look, 2000);
