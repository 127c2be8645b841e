"""`python -m services.earning`: run the service; `… check`: validate the settings and exit."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from libs.runtime import faust_host, logs
from libs.runtime.memory import settle_in
from libs.runtime.settings import read_files
from services.earning.app import SERVICE, build
from services.earning.settings import EarningSettings


def main(arguments: list[str]) -> int:
    """Run or check; returns the exit status."""
    read_files()
    settings = EarningSettings()
    if arguments == ["check"]:
        return 0
    logs.configure(SERVICE, settings.log_level)
    asyncio.set_event_loop(uvloop.new_event_loop())
    app = build(settings)
    settle_in()
    faust_host.run(app)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
