"""Nobody publishes what a database that dies may lose again: lazy writers have a relay that reads what is on disk."""

from __future__ import annotations

import ast
from pathlib import Path

from libs.runtime import leases
from libs.runtime.leases import LazyRelay, LeasedRelay, PromptRelay

ROOT = Path(__file__).parents[3]
RELAYS = {each.__name__ for each in (LeasedRelay, PromptRelay, LazyRelay)}


def relays_of(service: str) -> set[str]:
    """The relays that a service names."""
    tree = ast.parse((ROOT / "services" / service / "app.py").read_text())
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & RELAYS


def test_only_the_relay_of_those_who_wait_for_the_disk_can_be_told() -> None:
    assert "told" in vars(PromptRelay)
    assert not hasattr(LazyRelay, "told")
    assert not hasattr(LeasedRelay, "told")
    both = [each for each in vars(leases).values() if isinstance(each, type) and issubclass(each, LazyRelay)]
    assert both == [LazyRelay]


def test_whoever_does_not_wait_for_the_disk_has_a_lazy_relay() -> None:
    lazy = {
        path.relative_to(ROOT / "services").parts[0]
        for pattern in ("*.sql", "*.py")
        for path in (ROOT / "services").rglob(pattern)
        if "synchronous_commit" in path.read_text()
    }
    assert "expiry" in lazy
    assert [relays_of(service) for service in sorted(lazy)] == [{"LazyRelay"}] * len(lazy)
    prompt = {path.parent.name for path in (ROOT / "services").glob("*/app.py") if "PromptRelay" in path.read_text()}
    assert prompt
    assert not prompt & lazy
