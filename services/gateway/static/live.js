// Asks for what changes on the page every other second, and puts it in place. Without this script the page can be loaded
// again by hand.
const live = document.getElementById("live");
const pulse = document.getElementById("pulse");
const pause = document.getElementById("pause");
let paused = false;
let told = "";

function say(text) {
  if (text !== told) pulse.textContent = told = text;
}

// Times come in UTC; they are shown in the reader's zone, with UTC when pointed at.
function localTimes() {
  for (const time of live.querySelectorAll("time")) {
    const instant = new Date(time.dateTime);
    time.title = instant.toISOString();
    time.textContent = instant.toLocaleTimeString(undefined, { timeZoneName: "short" });
  }
}

function replace(html) {
  const scrolled = [...live.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
  const focused = [...live.querySelectorAll(".scroll, a")].indexOf(document.activeElement);
  live.innerHTML = html;
  localTimes();
  live.querySelectorAll(".scroll").forEach((part, number) => (part.scrollLeft = scrolled[number] ?? 0));
  if (focused >= 0) live.querySelectorAll(".scroll, a")[focused]?.focus({ preventScroll: true });
}

async function look() {
  try {
    const answer = await fetch("/live", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    replace(await answer.text());
    say("");
  } catch {
    say("▲ no answer: what stands here is old");
  }
}

async function run() {
  if (!paused && !document.hidden) await look();
  setTimeout(run, 2000);
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  say(paused ? "paused" : "");
});
localTimes();
setTimeout(run, 2000);
