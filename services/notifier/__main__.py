"""`python -m services.notifier`: run the service; `… check`: validate the settings and exit."""

from __future__ import annotations

import sys

from libs.runtime.faust_host import serve
from services.notifier.app import SERVICE, build
from services.notifier.settings import NotifierSettings

if __name__ == "__main__":
    sys.exit(serve(SERVICE, NotifierSettings, build, sys.argv[1:]))
