"""Run the gateway: `python -m services.gateway [check | openapi]`.

The application is imported where it is needed: it takes seconds, and settings that are wrong are told of at once.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from libs.runtime import logs, memory
from libs.runtime.settings import read_files
from services.gateway.settings import GatewaySettings

OPENAPI = Path(__file__).parent / "openapi.json"
_USAGE = "usage: python -m services.gateway [check | openapi]"
_BAD_USAGE = 2
_BAD_SETTINGS = 78  # EX_CONFIG of sysexits.h


def main(arguments: list[str]) -> int:
    """Serve, check the settings, or write the description of the API; return the exit code."""
    match arguments:
        case []:
            return _with_settings(serve)
        case ["check"]:
            return _with_settings(lambda _: 0)
        case ["openapi"]:
            OPENAPI.write_text(openapi_text(), encoding="utf-8")
            return 0
        case _:
            print(_USAGE, file=sys.stderr)
            return _BAD_USAGE


def openapi_text() -> str:
    """Return the description of the API as it is committed."""
    from services.gateway.app import routes
    from services.gateway.door.openapi import describe

    return json.dumps(describe(routes()), indent=2, ensure_ascii=False) + "\n"


def serve(settings: GatewaySettings) -> int:
    """Serve until SIGTERM or SIGINT; requests under way are finished first."""
    from services.gateway.app import compose
    from services.gateway.door.http_protocol import BoundedHttp

    logs.configure("gateway", settings.log_level)
    gateway = compose(settings)
    memory.keep_for_good()
    config = uvicorn.Config(
        gateway.asgi,
        http=BoundedHttp,
        host=settings.web.host,
        port=settings.web.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    # uvicorn raises the signal again once it has stopped; a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
    return 0


def _with_settings(run: Callable[[GatewaySettings], int]) -> int:
    try:
        read_files()
        settings = GatewaySettings()
        settings.make_clock()
    except (ValidationError, ValueError, OSError) as error:
        print(_without_values(error), file=sys.stderr)
        return _BAD_SETTINGS
    return run(settings)


def _without_values(error: Exception) -> str:
    """Tell what is wrong with the settings, but not what they are: some are secrets."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "\n".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
