"""The bar of the console: every page leads to all others, in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services import gateway
from services.gateway.app import routes
from services.gateway.site.console_page import BAR, PLACES, console_page


@pytest.mark.parametrize("here", PLACES)
def test_every_page_leads_to_all_others(here: str) -> None:
    body = console_page(here, "<Title>", "<p>Body</p>", "de")
    assert re.findall(r'<a href="([^"]+)"', body) == [f"{place}?lang=de" for place in PLACES]
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', body) == [f"{here}?lang=de"]
    assert 'action="/sign-out"' in body
    assert "<h1>&lt;Title&gt;</h1><p>Body</p>" in body


def test_where_the_bar_leads_there_is_a_page() -> None:
    app = routes()
    assert set(PLACES) <= {app.url_path_for(name) for name in NAMES}
    assert BAR.faults() == []


def test_a_page_of_one_language_says_so_and_keeps_the_readers() -> None:
    body = console_page("/", "Title", "", "de", spoken="en")
    assert '<html lang="en">' in body
    assert '<header class="on-screen" lang="de">' in body


def test_what_time_it_is_is_never_told_without_a_zone() -> None:
    silent = re.compile(r"wording\.moment\(|(?<!T)%H:%M(?!.* UTC)")
    for module in Path(gateway.__file__).parent.rglob("*.py"):
        for line in module.read_text(encoding="utf-8").splitlines():
            assert not silent.search(line), f"{module.name}: {line.strip()}: take markup.instant"


NAMES = (
    "home", "members_page", "campaigns", "calendar", "segments_page", "catalogue_page", "experiments_page", "referrals",
    "backtests", "expiry_page", "templates_page", "webhook_endpoints", "outbox_page", "codes_page", "mass_page",
    "designs_page", "scenarios_page", "games_page", "posts_page", "chats_page",
)  # fmt: skip
