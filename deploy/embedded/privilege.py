"""Running PostgreSQL when we are root, which it refuses: as `nobody`, on files that `nobody` can reach."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import TypeAlias

Account: TypeAlias = tuple[int, int]
"""(user id, group id)"""

SHARED = Path("/var/lib/pointstream")
"""Where root keeps a copy of the binaries when the installed ones lie behind a closed door such as `/root`."""


class Unreachable(RuntimeError):
    """The unprivileged account can't reach what it needs; the message says what to do."""


def server_account() -> Account | None:
    """The account that the server must run as; None when we are not root and it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def check_known() -> None:
    """See to it that the system knows the name of our account; `initdb` asks for it.

    Raises:
        Unreachable: it does not, as in a container that was given a bare user id.
    """
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise Unreachable(
            f"user id {os.geteuid()} has no entry in /etc/passwd, and PostgreSQL's initdb needs one; "
            "run as a user that has, or give this one an entry (in a container: add it to the image)"
        ) from None


def closed_door(path: Path) -> Path | None:
    """The first folder on the way to `path` that an account without rights of its own may not pass, or None."""
    for folder in (*reversed(path.parents), path):
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def reachable_copy(binaries: Path, account: Account) -> Path:
    """`binaries` itself when `account` can walk there, else the same folder in a copy of the installation.

    Raises:
        Unreachable: a copy can't be made.
    """
    binaries = binaries.resolve()
    door = closed_door(binaries)
    if door is None:
        return binaries
    base, folders = _installation(binaries)
    copy = SHARED / f"postgresql-{_fingerprint(binaries / 'postgres')}"
    try:
        if not copy.exists():
            draft = copy.with_name(f"{copy.name}.{os.getpid()}")
            for folder in folders:
                shutil.copytree(folder, draft / folder.relative_to(base), symlinks=True)
            _open_to_all(draft)
            draft.rename(copy)
    except OSError as error:
        raise Unreachable(
            f"PostgreSQL does not run as root, and account {account[0]} can't pass {door} to reach {binaries} "
            f"(a copy in {SHARED} failed: {error}). Install under a folder that everybody may enter, such as /srv or "
            "/opt, or run as an ordinary user."
        ) from error
    if (door := closed_door(copy)) is not None:
        raise Unreachable(
            f"PostgreSQL does not run as root, and account {account[0]} can't pass {door}; run as an ordinary user"
        )
    return copy / binaries.relative_to(base)


def _installation(binaries: Path) -> tuple[Path, list[Path]]:
    """What belongs to the binaries, and the folder in which it lies: a wheel keeps its libraries beside its package."""
    installation = binaries.parent
    package = installation.parent
    if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
        return package.parent, [installation, libraries]
    return package, [installation]


def _fingerprint(program: Path) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _open_to_all(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else stat.S_IRGRP | stat.S_IROTH))
