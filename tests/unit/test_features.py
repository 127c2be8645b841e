"""From a mark on a test to what `pointstream features` says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.features import Feature, all_features, divide, proven, register
from tests.support.features import complaints

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[2]

CONFTEST = """
    import pytest
    pytest_plugins = ["tests.support.features"]

    @pytest.fixture
    def platform():
        return None

    @pytest.fixture
    def running(platform):
        return None
"""
INI = """
    [pytest]
    asyncio_default_fixture_loop_scope = function
    markers =
        feature: a claim
"""


def features(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["features", *arguments])
    return result.exit_code, result.stdout, result.stderr


def run(pytester: pytest.Pytester, tests: str) -> tuple[pytest.RunResult, Path]:
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("import pytest\n" + tests)
    report = pytester.path / "junit.xml"
    return pytester.runpytest_inprocess("--junit-xml", str(report)), report


def test_list_is_sound() -> None:
    known = all_features()
    assert len(known) == 405
    assert all(re.fullmatch(r"(OMNI|XOXO|COM|VOU|STAR|AHEAD)-\d+", one) for one in known)
    repeats = [feature for feature in known.values() if feature.same_as]
    assert repeats
    assert all(known[feature.same_as or ""].same_as is None for feature in repeats)


def test_only_what_passed_is_proven(pytester: pytest.Pytester) -> None:
    result, report = run(
        pytester,
        """
@pytest.mark.feature("OMNI-1", "XOXO-28")
def test_passes(platform): pass

@pytest.mark.feature("OMNI-2")
def test_fails(platform): assert False

@pytest.mark.feature("OMNI-3")
@pytest.mark.skip(reason="later")
def test_skipped(platform): pass

@pytest.mark.feature("OMNI-4")
@pytest.mark.xfail(reason="not yet")
def test_expected_to_fail(platform): assert False

@pytest.fixture
def breaks_afterwards():
    yield
    raise RuntimeError

@pytest.mark.feature("OMNI-5")
def test_breaks_afterwards(platform, breaks_afterwards): pass

@pytest.mark.feature("OMNI-6")
@pytest.mark.parametrize("good", [True, False])
def test_partly(platform, good): assert good

@pytest.mark.feature("OMNI-7")
def test_through_another_fixture(running): pass

@pytest.mark.feature("OMNI-8")
class TestTogether:
    @pytest.mark.feature("OMNI-9")
    def test_inherits(self, platform): pass

def test_without_a_claim(): pass
""",
    )
    result.assert_outcomes(passed=6, failed=2, skipped=1, xfailed=1, errors=1)
    assert proven(report) == {"OMNI-1", "OMNI-7", "OMNI-8", "OMNI-9", "XOXO-28"}

    status, output, _ = features("--json", "--junit", str(report))
    answer = json.loads(output)
    assert status == 0
    # XOXO-43 and XOXO-57 repeat XOXO-28.
    assert answer["done"] == ["OMNI-1", "OMNI-7", "OMNI-8", "OMNI-9", "XOXO-28", "XOXO-43", "XOXO-57"]
    assert len(answer["done"]) + len(answer["missing"]) == len(all_features())


@pytest.mark.parametrize(
    ("ids", "fixtures", "complaint"),
    [
        (["OMNI-0"], ["platform"], "OMNI-0 is no feature"),
        (["OMNI-1", "OMNI-2", "OMNI-3", "OMNI-4"], ["platform"], "claims 4 features"),
        (["OMNI-1"], ["database"], "without the running platform"),
        (["XOXO-43"], ["platform"], "XOXO-43 repeats XOXO-28"),
        ([], ["platform"], "names no feature"),
    ],
)
def test_a_false_claim_is_refused(ids: list[str], fixtures: list[str], complaint: str) -> None:
    assert complaint in "\n".join(complaints(ids, fixtures))


def test_a_false_claim_stops_the_run(pytester: pytest.Pytester) -> None:
    result, _ = run(pytester, "@pytest.mark.feature('OMNI-1')\ndef test_alone(): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*without the running platform*")


def test_a_repeated_feature_follows_its_original() -> None:
    first, second = Feature("A-1", "the first"), Feature("A-2", "= A-1", same_as="A-1")
    listed = {feature.id: feature for feature in (first, second)}
    assert divide(listed, frozenset({"A-1"})) == ([first, second], [])
    assert divide(listed, frozenset()) == ([], [first, second])


def test_without_a_run_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, output, complaint = features("--json")
    assert (status, json.loads(output)["done"]) == (0, [])
    assert "make test" in complaint


def test_a_report_that_was_named_must_be_one(tmp_path: Path) -> None:
    tmp_path.joinpath("notes.txt").write_text("no report", encoding="utf-8")
    for name in ("nowhere.xml", "notes.txt"):
        status, _, complaint = features("--junit", str(tmp_path / name))
        assert status == 2
        assert name in complaint


def test_people_get_a_table() -> None:
    status, output, _ = features()
    assert status == 0
    assert "OMNI-1" in output
    assert "missing" in output
