"""The jars of Apache Kafka: exactly those of `kafka.lock.toml`, each verified by its SHA-256 before it is used.

Fetched once through `jgo`'s Maven layer and kept in a cache that all data directories share; later starts need no
network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

KAFKA_VERSION = "4.4.0"
FETCHERS = 8
ATTEMPTS = 3

Progress = Callable[[int, int], None]
"""Called with (jars that are there, jars in all)."""


class JarsUnavailable(RuntimeError):
    """The jars can't be fetched or are not what the lock says; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned artifact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """Its name in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def locked() -> tuple[Jar, ...]:
    """Every jar of the lock, in the order of the class path."""
    text = (resources.files("deploy.embedded") / "kafka.lock.toml").read_text(encoding="utf-8")
    return tuple(
        Jar(jar["groupId"], jar["artifactId"], jar["version"], jar["sha256"]) for jar in tomllib.loads(text)["jar"]
    )


def cache_folder(data: Path) -> Path:
    """Where jars are kept: `POINTSTREAM_CACHE`, else the user's cache, else (not writable) `<data>/cache`."""
    name = f"kafka-{KAFKA_VERSION}"
    if named := os.environ.get("POINTSTREAM_CACHE"):
        return Path(named).resolve() / name
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    shared = Path(base) / "pointstream" / name
    if complete(shared) or _writable(shared):
        return shared
    return data / "cache" / name


def ensure(folder: Path, progress: Progress | None = None) -> list[Path]:
    """Make sure that `folder` holds all jars, and return their paths.

    A stamp beside the jars says that they were verified, so that later starts only look at names and sizes.

    Raises:
        JarsUnavailable: no network and no cache, or a checksum that does not fit.
    """
    jars = locked()
    if not complete(folder):
        _fetch_all(jars, folder, progress or _silent)
    return [folder / jar.filename for jar in jars]


def _stamp(folder: Path) -> Path:
    return folder / "verified"


def _stamp_text(folder: Path, jars: Iterable[Jar]) -> str:
    return "".join(f"{jar.sha256} {(folder / jar.filename).stat().st_size} {jar.filename}\n" for jar in jars)


def complete(folder: Path) -> bool:
    """Whether `folder` holds every jar of the lock, verified."""
    try:
        return _stamp(folder).read_text(encoding="utf-8") == _stamp_text(folder, locked())
    except OSError:
        return False


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _fetch_all(jars: tuple[Jar, ...], folder: Path, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    repository = folder / f".fetch-{os.getpid()}"
    done = 0
    progress(done, len(jars))
    pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="jars")
    try:
        for _ in pool.map(lambda jar: _fetch(jar, folder, repository), jars):
            done += 1
            progress(done, len(jars))
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(repository, ignore_errors=True)
    draft = _stamp(folder).with_suffix(f".{os.getpid()}")
    draft.write_text(_stamp_text(folder, jars), encoding="utf-8")
    draft.replace(_stamp(folder))


def _fetch(jar: Jar, folder: Path, repository: Path) -> None:
    """Bring one jar into `folder`, by way of a place of our own, so that two processes may fetch at once."""
    target = folder / jar.filename
    if target.exists() and _digest(target) == jar.sha256:
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            fetched = _download(jar, repository)
        except (OSError, RuntimeError) as error:
            if attempt == ATTEMPTS:
                raise JarsUnavailable(
                    f"could not fetch {jar.filename} of Apache Kafka {KAFKA_VERSION}: {error}. "
                    "The first run needs the network once (45 MB); after that none. "
                    "POINTSTREAM_CACHE may name a folder that holds the jars already."
                ) from error
            continue
        if (digest := _digest(fetched)) != jar.sha256:
            fetched.unlink()
            raise JarsUnavailable(f"{jar.filename} has SHA-256 {digest}, and the lock says {jar.sha256}: refused")
        fetched.replace(target)
        return


def _download(jar: Jar, repository: Path) -> Path:
    """Fetch through jgo into a throw-away repository (its default, `~/.m2`, may be read-only)."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repository, timeout=60)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    partial: Path | None = artifact.cached_path
    if partial is not None:
        partial.unlink(missing_ok=True)
    return Path(artifact.resolve())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(done: int, total: int) -> None:
    """Show nothing."""
