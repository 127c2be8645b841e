"""From what went wrong to a message and an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import asyncpg
import typer
from aiokafka.errors import KafkaError

from cli import screen
from cli.exits import Exit
from deploy.embedded import state
from deploy.embedded.failures import BackingUnavailable, NothingMoves, ReceiptsMissing, ServiceUnavailable
from deploy.embedded.kafka import KafkaUnavailable
from deploy.embedded.layout import PortTaken
from deploy.embedded.lock import DirectoryInUse, DirectoryLock
from deploy.embedded.postgres import PostgresUnavailable
from deploy.embedded.state import Addresses, StateDamaged
from libs.runtime.kafka_login import KafkaRefused
from libs.runtime.seal import SealBroken

_T = TypeVar("_T")

_CODES: dict[type[Exception], Exit] = {
    DirectoryInUse: Exit.ALREADY_RUNNING,
    PortTaken: Exit.UNAVAILABLE,
    BackingUnavailable: Exit.UNAVAILABLE,
    PostgresUnavailable: Exit.UNAVAILABLE,
    KafkaUnavailable: Exit.UNAVAILABLE,
    ServiceUnavailable: Exit.UNAVAILABLE,
    ReceiptsMissing: Exit.FAILED,
    StateDamaged: Exit.FAILED,
    NothingMoves: Exit.TIMED_OUT,
    TimeoutError: Exit.TIMED_OUT,
    PermissionError: Exit.FAILED,
}


def fail(code: Exit, message: str, *, as_json: bool = False) -> NoReturn:
    """Say what is wrong, on standard error (and as an object with `error` for `--json`), and end with `code`."""
    if as_json:
        screen.write_json({"error": message, "code": code.name.lower()})
    screen.err().print(f"error: {message}", markup=False, style="red")
    raise typer.Exit(code)


@contextmanager
def explained(*, as_json: bool = False) -> Iterator[None]:
    """Turn the failures that are known into a message and their exit code; others are bugs and keep their traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except tuple(_CODES) as error:
        code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
        fail(code, str(error), as_json=as_json)


def running(data: Path, *, as_json: bool = False) -> Addresses:
    """Where the platform of a data directory is, with credentials; ends the command when none runs."""
    if DirectoryLock(data).owner() is None:
        fail(Exit.NOT_RUNNING, f"no platform runs in {data}; start one with `pointstream up`", as_json=as_json)
    addresses = state.load(data).addresses
    if addresses is None:
        fail(Exit.NOT_RUNNING, f"the platform in {data} is still starting; see `pointstream status`", as_json=as_json)
    return addresses


def finished(work: Callable[[], Coroutine[Any, Any, _T]], *, as_json: bool = False) -> _T:
    """Begin some work with the database and the broker and see it through, its known failures explained."""
    with explained(as_json=as_json):
        try:
            return asyncio.run(work())
        except SealBroken as error:
            fail(Exit.FAILED, str(error), as_json=as_json)
        except (KafkaError, KafkaRefused) as error:
            fail(Exit.UNAVAILABLE, f"the broker: {error}", as_json=as_json)
        except (TimeoutError, PermissionError):
            raise
        except (asyncpg.PostgresError, OSError) as error:
            if isinstance(error, OSError) and error.filename is not None:
                fail(Exit.FAILED, str(error), as_json=as_json)
            fail(Exit.UNAVAILABLE, f"the database: {error}", as_json=as_json)
