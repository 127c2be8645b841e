// Looks every minute for what has changed on a screen that nobody touches, and puts it in place. Where nothing answers,
// what was there stays. Without this script the page can be loaded again by hand.
async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
  } catch {
    // The next look says more.
  }
}

setInterval(look, 60000);
