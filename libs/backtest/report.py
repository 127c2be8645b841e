"""The report of a backtest: one page that holds everything it shows, for people to read and to pass on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from libs.backtest.picture import MINUS, by_name, distribution, number, over_time, signed
from libs.promotions.rates import digits

_CAMPAIGNS = 24
"""Campaigns that are drawn, those first that differ most; the table has all."""

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e8eaed); --soft: light-dark(#57606a, #9aa4ae);
  --line: light-dark(#d8dee4, #30363d); --back: light-dark(#fff, #14181c); --card: light-dark(#f6f8fa, #1c2228);
  --a: light-dark(#8c96a1, #7d8794); --b: light-dark(#0b62c4, #58a6ff); --more: light-dark(#1a7f5a, #3fb68b);
  --less: light-dark(#c4501b, #f0883e); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem 4rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 2.75rem 0 .5rem; }
p { margin: .25rem 0 1rem; max-width: 46rem; }
.soft { color: var(--soft); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); margin: 1.5rem 0; }
.card { background: var(--card); border-radius: .6rem; padding: .9rem 1.1rem; }
.card b { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; font-weight: 650; line-height: 1.3; }
.more { color: var(--more); } .less { color: var(--less); }
svg { display: block; height: auto; width: 100%; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg text.name { fill: var(--ink); font-size: 12px; }
rect.a { fill: var(--a); } rect.b { fill: var(--b); } rect.more { fill: var(--more); } rect.less { fill: var(--less); }
rect.same { fill: var(--a); } rect:hover { opacity: .75; }
line.grid { stroke: var(--line); } line.axis { stroke: var(--soft); }
.key { display: flex; gap: 1.25rem; margin: .25rem 0 .75rem; }
.key .of-a::before { background: var(--a); } .key .of-b::before { background: var(--b); }
.key span::before { border-radius: 2px; content: ""; display: inline-block; height: .75rem;
  margin-right: .4rem; vertical-align: -1px; width: .75rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--soft); font-weight: 500; }
@media print { body { padding: 0; } h2 { break-after: avoid; } svg { break-inside: avoid; } }
"""

_KEY = '<div class="key soft"><span class="of-a">A</span><span class="of-b">B</span></div>'


def report(summary: Mapping[str, Any], scales: Mapping[str, int]) -> str:
    """Make the page of a summary; the same summary always makes the same page."""
    body = [_head(summary, scales), _cards(summary)]
    for wallet, total in summary["wallets"].items():
        body += _wallet(summary, wallet, total, scales.get(wallet, 0))
    body += _tier_table(summary)
    body.append(_ground(summary))
    title = escape(f"Backtest of {summary['programme']}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def headline(summary: Mapping[str, Any], scales: Mapping[str, int]) -> list[str]:
    """What it comes to, a sentence a wallet."""
    return [
        f"B would have given {number(total['b'], scales.get(wallet, 0))} {wallet} to {number(total['members_b'])} "
        f"members, {signed(total['difference'], scales.get(wallet, 0))} against A"
        + (f" ({_percent(total['difference'], total['a'])})." if total["a"] else ".")
        for wallet, total in summary["wallets"].items()
    ] or ["Nothing in the range was judged."]


def sides(summary: Mapping[str, Any]) -> tuple[str, str]:
    """What A and B are, in words."""
    a = summary["a"]["version"]
    return (
        "the rules that were in force" if a is None else f"version {a}",
        f"the document of version {summary['b']['version']} ({summary['b']['hash'][:12]})",
    )


def _head(summary: Mapping[str, Any], scales: Mapping[str, int]) -> str:
    a, b = sides(summary)
    return (
        f"<h1>{' '.join(escape(line) for line in headline(summary, scales))}</h1>\n"
        f'<p class="soft">{escape(summary["programme"])}, {escape(summary["from"])} until {escape(summary["to"])} '
        f"({escape(summary['zone'])}): {number(summary['receipts'])} receipts and {number(summary['activities'])} "
        f"activities of {number(summary['members']['all'])} members. A is {escape(a)}, B is {escape(b)}.</p>"
    )


def _cards(summary: Mapping[str, Any]) -> str:
    members = summary["members"]
    cards = [
        ("better", number(members["better"]), "members better off under B", "more"),
        ("worse", number(members["worse"]), "worse off", "less"),
        ("same", number(members["same"]), "the same", ""),
    ]
    if members["mixed"]:
        cards.append(("mixed", number(members["mixed"]), "better in one wallet, worse in another", ""))
    cost = summary["cost"]
    if cost is not None:
        decimals = digits(cost["currency"])
        more = cost["b_minor"] - cost["a_minor"]
        cards.append(("cost", f"{signed(more, decimals)} {cost['currency']}", "worth of the difference", ""))
    filled = "".join(f'<div class="card"><b class="{kind}">{text}</b>{words}</div>' for _, text, words, kind in cards)
    return f'<div class="cards">{filled}</div>'


def _wallet(summary: Mapping[str, Any], wallet: str, total: Mapping[str, Any], scale: int) -> list[str]:
    bars = [(bar["from"], bar["to"], bar["members"]) for bar in total["histogram"]]
    months = [(each["month"], each["a"], each["b"]) for each in summary["months"] if each["wallet"] == wallet]
    paid = [each for each in summary["campaigns"] if each["wallet"] == wallet]
    drawn = sorted(paid, key=lambda each: (-abs(_whole(each, "b") - _whole(each, "a")), each["campaign"]))[:_CAMPAIGNS]
    name = escape(wallet)
    return [
        f"<h2>Who gets more, who gets less ({name})</h2>",
        distribution(bars, scale, f"How many members get how many {wallet} more or less under B"),
        _deciles(total["deciles"], scale),
        f"<h2>By month ({name})</h2>",
        _KEY,
        over_time(months, scale, f"{wallet} by month under A and B"),
        f"<h2>By campaign ({name})</h2>",
        _KEY,
        by_name(
            [(each["campaign"], _whole(each, "a"), _whole(each, "b")) for each in drawn],
            scale,
            f"{wallet} by campaign under A and B",
        ),
        _campaign_table(paid, scale),
    ]


def _deciles(values: Sequence[int], scale: int) -> str:
    if not values:
        return ""
    names = ["least", *(f"{tenth}0 %" for tenth in range(1, 10)), "most"]
    heads = "".join(f"<th>{name}</th>" for name in names)
    cells = "".join(f"<td>{signed(value, scale)}</td>" for value in values)
    return (
        f'<div class="scroll"><table><tr><th>of the members get at most</th>{heads}</tr>'
        f"<tr><td>points more or less</td>{cells}</tr></table></div>"
    )


def _campaign_table(paid: Sequence[Mapping[str, Any]], scale: int) -> str:
    heads = "".join(f"<th>{name}</th>" for name in ("A", "B", "more or less", "times A", "times B", "members B"))
    rows = []
    for each in paid:
        a, b = _whole(each, "a"), _whole(each, "b")
        cells = (
            number(a, scale), number(b, scale), signed(b - a, scale),
            number(each["a"]["times"]), number(each["b"]["times"]), number(each["b"]["members"]),
        )  # fmt: skip
        rows.append(f"<tr><td>{escape(each['campaign'])}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f'<div class="scroll"><table><tr><th>campaign</th>{heads}</tr>{"".join(rows)}</table></div>'


def _tier_table(summary: Mapping[str, Any]) -> list[str]:
    """How many members end in which tier, where anybody has one."""
    rows = [
        (each["tier_set"] or "the tier that campaigns see", each["tier"] or "none", each["a"], each["b"])
        for each in summary["tiers"]
    ]
    if all(each["tier"] is None for each in summary["tiers"]):
        return []
    filled = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(tier)}</td><td>{number(a)}</td><td>{number(b)}</td>"
        f"<td>{signed(b - a)}</td></tr>"
        for name, tier, a, b in rows
    )
    return [
        "<h2>Tiers at the end of the range</h2>\n"
        '<div class="scroll"><table><tr><th>tier set</th><th>tier</th><th>members A</th><th>members B</th>'
        f"<th>more or less</th></tr>{filled}</table></div>"
    ]


def _ground(summary: Mapping[str, Any]) -> str:
    unlike = summary["unlike_recorded"]
    told = ""
    if unlike is not None:
        told = (
            "What A comes to is what the books have, for every member."
            if unlike == 0
            else f"For {number(unlike)} members A comes to something else than the books have: what came late or out "
            "of order met other limits then, or something happened after the range."
        )
    return (
        "<h2>What this rests on</h2>\n<p>Every receipt and activity of the range was judged again by the functions "
        "that earning decides with, in the order in which things happened, with what came back of them before the "
        f"range ended. Points of campaigns are those before rounding. {told}</p>"
        + "".join(f"\n<p>{escape(line)}</p>" for line in conditions(summary))
    )


def conditions(summary: Mapping[str, Any]) -> list[str]:
    """What else is found anew, and what was off, in words."""
    told, found = [], summary["occasions"]
    if any(found.values()):
        told.append(
            f"What comes to pass with members was found anew: {number(found['a'])} occasions under A, "
            f"{number(found['b'])} under B."
        )
    if summary["merges"]:
        told.append(f"Members were merged {number(summary['merges'])} times in the range, and are so under A and B.")
    told += [f"Not known as it would have been: {each}." for each in summary["unknown"]]
    if any(summary["lacking"].values()):
        told.append(
            f"Of what members really spent, {number(summary['lacking']['a'])} points were not there under A, "
            f"{number(summary['lacking']['b'])} not under B."
        )
    if not summary["switches"]:
        told.append("No kill switch was off in the range.")
    for turn in summary["switches"]:
        until = "and still was at its end" if turn["on"] is None else f"until {turn['on']}"
        told.append(f"The kill switch {turn['switch']} was off from {turn['off']} {until}: so it is under A and B.")
    return told


def _whole(paid: Mapping[str, Any], side: str) -> int:
    """The points of a campaign, to the nearest whole one of the wallet's minor unit."""
    hundredths = int(paid[side]["points"].replace(".", ""))
    return (hundredths + 50) // 100


def _percent(part: int, whole: int) -> str:
    tenths = (abs(part) * 2000 + whole) // (2 * whole)
    return f"{MINUS if part < 0 else '+'}{tenths // 10}.{tenths % 10} %"
