// Counts down what ends soon, in words of the page's language. Without this script the page tells what was left when it
// was made.
const language = document.documentElement.lang;
const MINUTE = 60_000;
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", MINUTE],
];

function told(left) {
  const parts = [];
  for (const [unit, length] of UNITS) {
    const value = Math.floor(left / length);
    left -= value * length;
    if (value) parts.push(value.toLocaleString(language, { style: "unit", unit, unitDisplay: "long" }));
  }
  return parts.slice(0, 2).join(", ");
}

// What has run out while it was looked at is asked for anew; by another clock than the reader's nothing is counted.
let counted = false;

function count() {
  for (const time of document.querySelectorAll("time.left")) {
    const left = new Date(time.dateTime) - Date.now();
    if (left > 0) {
      counted = true;
      time.textContent = told(Math.max(left, MINUTE));
    } else if (counted) {
      return location.reload();
    }
  }
}

if (document.querySelector("time.left")) setInterval(count, MINUTE / 4);
