"""`python -m services.redemption`: run the service; `… check`: validate the settings and exit."""

from __future__ import annotations

import sys

from libs.runtime.faust_host import serve
from services.redemption.app import SERVICE, build
from services.redemption.settings import RedemptionSettings

if __name__ == "__main__":
    sys.exit(serve(SERVICE, RedemptionSettings, build, sys.argv[1:]))
