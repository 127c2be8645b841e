"""The set-up script: what it does again, what it leaves alone, and what it says when it can't."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "dirname", "grep", "rm", "tail")

# Stands in for the environment's interpreter: answers the fingerprint and notes what it was asked to install.
INTERPRETER = """#!/bin/sh
case "$*" in
    *hashlib*) echo "the fingerprint" ;;
    *install*) echo "$*" >>installed; exit $(cat verdict) ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the script and locks, and accents and a space in its name."""
    folder = tmp_path / "mój projekt"
    folder.joinpath(".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "setup", folder / ".ci")
    for name in ("requirements.lock", "requirements-build.lock", "pyproject.toml"):
        folder.joinpath(name).write_text("a==1\n", encoding="utf-8")
    return folder


def environment(project: Path, *, stamp: str | None, verdict: int = 0) -> None:
    interpreter = project / ".venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(INTERPRETER, encoding="utf-8")
    interpreter.chmod(0o755)
    packages = project / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    packages.joinpath("_editable_impl_pointstream.pth").write_text(str(project), encoding="utf-8")
    project.joinpath("verdict").write_text(str(verdict), encoding="utf-8")
    if stamp is not None:
        project.joinpath(".venv", ".set-up").write_text(stamp + "\n", encoding="utf-8")


def set_up(project: Path, path: str = "/usr/bin:/bin", **variables: str) -> tuple[int, str]:
    command = ["/bin/sh", str(project / ".ci" / "setup")]
    done = subprocess.run(
        command, env={"PATH": path, **variables}, capture_output=True, text=True, check=False, cwd="/"
    )
    return done.returncode, done.stderr


def installed(project: Path) -> list[str]:
    log = project / "installed"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_nothing_is_done_twice(project: Path) -> None:
    environment(project, stamp="the fingerprint")
    assert set_up(project) == (0, "")
    assert installed(project) == []


@pytest.mark.parametrize("stamp", [None, "another fingerprint"])
def test_a_change_is_taken_up(project: Path, stamp: str | None) -> None:
    environment(project, stamp=stamp)
    status, said = set_up(project)
    assert status == 0, said
    packages, itself = installed(project)
    assert "--require-hashes --only-binary :all:" in packages
    assert "--no-build-isolation --editable ." in itself
    assert project.joinpath(".venv", ".set-up").read_text(encoding="utf-8") == "the fingerprint\n"
    # Not the absolute path, which some locales can't read.
    link = project / ".venv/lib/python3.12/site-packages/_editable_impl_pointstream.pth"
    assert link.read_text(encoding="utf-8") == "../../../..\n"
    assert set_up(project) == (0, "")


def test_a_failure_is_not_remembered_as_done(project: Path) -> None:
    environment(project, stamp="another fingerprint", verdict=1)
    status, said = set_up(project)
    assert status == 1
    assert "needs the package index" in said
    assert not project.joinpath(".venv", ".set-up").exists()


def test_a_wrong_interpreter_is_refused(project: Path) -> None:
    status, said = set_up(project, PYTHON="/bin/false")
    assert status == 1
    assert "PYTHON=/bin/false" in said
    assert "3.11 to 3.14" in said


@pytest.mark.parametrize(
    ("answer", "advice"),
    [(None, "python.org"), (3, "python.org"), (4, "apt install python3-venv")],
    ids=["none", "too old", "without venv"],
)
def test_a_machine_without_a_fit_python_gets_advice(
    project: Path, tmp_path: Path, answer: int | None, advice: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        tools.joinpath(tool).symlink_to(shutil.which(tool) or tool)
    if answer is not None:
        tools.joinpath("python3").write_text(f"#!/bin/sh\nexit {answer}\n", encoding="utf-8")
        tools.joinpath("python3").chmod(0o755)
    status, said = set_up(project, path=str(tools))
    assert status == 1
    assert advice in said
