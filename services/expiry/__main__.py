"""`python -m services.expiry`: run the service; `… check`: validate the settings and exit."""

from __future__ import annotations

import sys

from libs.runtime.faust_host import serve
from services.expiry.app import SERVICE, build
from services.expiry.settings import ExpirySettings

if __name__ == "__main__":
    sys.exit(serve(SERVICE, ExpirySettings, build, sys.argv[1:]))
