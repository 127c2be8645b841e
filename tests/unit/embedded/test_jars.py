"""Jars are those of the lock or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.embedded import jars
from deploy.embedded.jars import Jar, JarsUnavailable

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def pretend(monkeypatch: pytest.MonkeyPatch, *, content: bytes, fetches: list[str] | None = None) -> None:
    """Lock a single jar, and let its fetch give `content`."""

    def download(jar: Jar, repository: Path) -> Path:
        (fetches if fetches is not None else []).append(jar.filename)
        repository.mkdir(parents=True, exist_ok=True)
        fetched = repository / jar.filename
        fetched.write_bytes(content)
        return fetched

    monkeypatch.setattr(jars, "locked", lambda: (Jar("org.example", "thing", "1.0", EMPTY),))
    monkeypatch.setattr(jars, "_download", download)


def test_the_lock_pins_every_jar_by_checksum() -> None:
    locked = jars.locked()
    assert len(locked) == len({(jar.group, jar.artifact) for jar in locked})
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert ("kafka_2.13", jars.KAFKA_VERSION) in {(jar.artifact, jar.version) for jar in locked}


def test_a_jar_with_another_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, content=b"tampered")
    with pytest.raises(JarsUnavailable, match=r"thing-1\.0\.jar has SHA-256 .*refused"):
        jars.ensure(tmp_path)
    assert not jars.complete(tmp_path)
    assert not list(tmp_path.rglob("*.jar"))


def test_what_was_verified_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetches: list[str] = []
    pretend(monkeypatch, content=b"", fetches=fetches)
    told: list[tuple[int, int]] = []
    assert jars.ensure(tmp_path, lambda done, total: told.append((done, total))) == [tmp_path / "thing-1.0.jar"]
    assert jars.ensure(tmp_path) == [tmp_path / "thing-1.0.jar"]
    assert fetches == ["thing-1.0.jar"]
    assert told == [(0, 1), (1, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thing-1.0.jar", "verified"]


def test_a_jar_that_changed_size_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetches: list[str] = []
    pretend(monkeypatch, content=b"", fetches=fetches)
    jars.ensure(tmp_path)
    (tmp_path / "thing-1.0.jar").write_bytes(b"half")
    jars.ensure(tmp_path)
    assert len(fetches) == 2


def test_without_network_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, content=b"")

    def unreachable(jar: Jar, repository: Path) -> Path:
        raise OSError("no route to host")

    monkeypatch.setattr(jars, "_download", unreachable)
    with pytest.raises(JarsUnavailable, match="needs the network once"):
        jars.ensure(tmp_path)


def test_a_home_that_cannot_be_written_puts_the_cache_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POINTSTREAM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    assert jars.cache_folder(tmp_path) == tmp_path / "cache" / f"kafka-{jars.KAFKA_VERSION}"
    monkeypatch.setenv("POINTSTREAM_CACHE", str(tmp_path / "named"))
    assert jars.cache_folder(tmp_path) == tmp_path / "named" / f"kafka-{jars.KAFKA_VERSION}"
