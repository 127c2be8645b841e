"""`python -m services.earning`: run the service; `… check`: validate the settings and exit."""

from __future__ import annotations

import sys

from libs.runtime.faust_host import serve
from services.earning.app import SERVICE, build
from services.earning.settings import EarningSettings

if __name__ == "__main__":
    sys.exit(serve(SERVICE, EarningSettings, build, sys.argv[1:]))
