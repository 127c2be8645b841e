"""`pointstream doctor`: whether this machine can run the platform, and what to do when it can't."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import typer

from cli import screen
from cli.exits import Exit
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import jars, kafka, layout, ports, postgres, privilege, state
from deploy.embedded.lock import DirectoryLock

_GIGABYTE = 1024**3
_MEMORY = int(1.5 * _GIGABYTE)
_DISK = 2 * _GIGABYTE
_FILES = 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` says what to do when it is not well."""

    check: str
    well: bool
    detail: str
    advice: str = ""


def doctor(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Check versions, memory, disk, ports and folders. Ends with 1 when something is in the way."""
    findings = list(_examine(data))
    if as_json:
        told = [{**asdict(finding), "ok": finding.well} for finding in findings]
        screen.write_json({"ok": all(finding.well for finding in findings), "checks": told})
    else:
        rows = [
            (
                finding.check,
                "ok" if finding.well else "PROBLEM",
                finding.detail + (f" — {finding.advice}" if not finding.well else ""),
            )
            for finding in findings
        ]
        screen.write_table("What this machine offers", rows, ("check", "state", "detail"))
    if not all(finding.well for finding in findings):
        raise typer.Exit(Exit.FAILED)


def _examine(data: Path) -> Iterator[Finding]:
    yield _python()
    yield _version("PostgreSQL", postgres.describe)
    yield _version("Kafka", kafka.describe)
    yield _jars(data)
    yield _memory()
    yield _disk(data)
    yield _open_files()
    yield _writable(data)
    yield _account()
    yield from _ports(data)


def _python() -> Finding:
    return Finding(
        "Python",
        sys.version_info >= (3, 11) and sys.platform != "win32",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "Python 3.11 or newer on Linux or macOS is needed",
    )


def _version(name: str, describe: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, describe())
    except (RuntimeError, OSError) as error:
        return Finding(name, False, "not found", str(error))


def _jars(data: Path) -> Finding:
    folder = jars.cache_folder(data)
    if jars.complete(folder):
        return Finding("jars", True, f"all {len(jars.locked())} in {folder}")
    return Finding("jars", True, f"not fetched yet: the first start needs the network once (45 MB, into {folder})")


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    return Finding(
        "memory",
        free >= _MEMORY,
        f"{free / _GIGABYTE:.1f} GB free, {os.cpu_count()} cores",
        f"close something: the platform wants {_MEMORY / _GIGABYTE:.1f} GB",
    )


def _disk(data: Path) -> Finding:
    free = shutil.disk_usage(_nearest(data)).free
    return Finding(
        "disk",
        free >= _DISK,
        f"{free / _GIGABYTE:.1f} GB free for {data}",
        f"make room for {_DISK / _GIGABYTE:.0f} GB, or choose another place with --data",
    )


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Finding("open files", soft >= _FILES, f"{soft} allowed", f"raise the limit: ulimit -n {_FILES * 4}")


def _writable(data: Path) -> Finding:
    place = _nearest(data)
    return Finding(
        "data directory",
        os.access(place, os.W_OK | os.X_OK),
        str(data),
        f"{place} can't be written; choose another place with --data",
    )


def _account() -> Finding:
    account = privilege.server_account()
    try:
        if account is None:
            privilege.check_known()
            return Finding("account", True, "not root")
        binaries = privilege.reachable_copy(postgres.find_binaries(), account)
    except (privilege.Unreachable, postgres.PostgresUnavailable) as error:
        return Finding("account", False, f"user id {os.geteuid()}", str(error))
    return Finding("account", True, f"root: PostgreSQL runs as nobody, from {binaries}")


def _ports(data: Path) -> Iterator[Finding]:
    if (owner := DirectoryLock(data).owner()) is not None:
        yield Finding("ports", True, f"in use by the platform that runs here (process {owner})")
        return
    remembered = state.load(data).ports
    for name in layout.NAMES:
        port = remembered.get(name, layout.DEFAULTS[name])
        detail = "free" if ports.is_free(port) else "taken: another one will be chosen"
        yield Finding(f"port of {name}", True, f"{port} {detail}")


def _nearest(path: Path) -> Path:
    """The path itself, or the closest folder above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(doctor)
