"""`python -m deploy.prometheus generate | check`: keep docs/metrics.md equal to the collectors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from deploy.prometheus.vocabulary import PAGE, page


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two commands; the exit code is 1 when the page is not what the collectors make of it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.prometheus", description=__doc__)
    parser.add_argument("command", choices=("generate", "check"))
    if parser.parse_args(arguments).command == "generate":
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/metrics.md differs from the collectors: run `python -m deploy.prometheus generate`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
