"""The linters run as part of the tests, so that whoever runs the tests needs no second command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PYTHON = sys.executable

COMMANDS = {
    "style": [PYTHON, "-m", "ruff", "check", "--quiet", "."],
    "form": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "types": [PYTHON, "-m", "mypy", "."],
    "imports": [str(BIN / "lint-imports"), "--no-logo", "--no-cache"],
    "contracts": [PYTHON, "-m", "libs.contracts", "check"],
}

# One forbidden import for every contract, in a tree that has nothing else.
PLANTED = {
    "libs/contracts/codec.py": "import libs.ledger.model",
    **{
        f"libs/backtest/{name}.py": ""
        for name in ("bound", "compare", "history", "picture", "replay", "report", "summary")
    },
    **{
        f"libs/catalogue/{name}.py": ""
        for name in (
            "exchange",
            "facts",
            "flow",
            "limits",
            "offering",
            "orders",
            "placing",
            "pricing",
            "purse",
            "ranking",
            "reasons",
            "reward",
            "rows",
            "telling",
        )
    },
    "libs/catalogue/kinds/__init__.py": "",
    "services/redemption/ordering.py": "",
    **{
        f"libs/codes/{name}.py": "" for name in ("guessing", "names", "passes", "pattern", "pictures", "rules", "sheet")
    },
    **{
        f"libs/games/{name}.py": ""
        for name in ("auction", "badges", "chance", "documents", "lottery", "ranking", "record", "wheel")
    },
    **{f"libs/scenarios/{name}.py": "" for name in ("funnel", "news", "planning", "simulating", "told")},
    **{f"libs/gift_cards/{name}.py": "" for name in ("decide", "jurisdictions", "model")},
    **{f"libs/questionnaires/{name}.py": "" for name in ("answers", "figures", "form")},
    **{f"libs/households/{name}.py": "" for name in ("membership", "sharing", "telling")},
    **{f"services/redemption/households/{name}.py": "" for name in ("jointly", "pool", "telling")},
    **{f"libs/experiments/{name}.py": "" for name in ("results", "told", "uplift")},
    "libs/judging/__init__.py": "",
    **{
        f"libs/contacts/{name}.py": ""
        for name in ("addresses", "consent", "events", "links", "masks", "person", "plain_names", "told", "vault")
    },
    **{f"libs/deliveries/{name}.py": "" for name in ("bounces", "texts", "told")},
    **{
        f"libs/design/{name}.py": ""
        for name in ("blocks", "contrast", "faults", "landing", "qr", "sheet", "style", "style_forms")
    },
    "libs/language/__init__.py": "",
    **{f"libs/mass/{name}.py": "" for name in ("counts", "states", "texts", "wanted")},
    **{f"libs/posts/{name}.py": "" for name in ("states", "texts", "wanted")},
    **{f"libs/letters/{name}.py": "" for name in ("letter", "telling")},
    "libs/messages/__init__.py": "",
    "libs/receipts/__init__.py": "",
    **{f"libs/lives/{name}.py": "" for name in ("life", "made")},
    "libs/referral/__init__.py": "",
    **{
        f"libs/segments/{name}.py": ""
        for name in ("challenges", "decide", "explain", "finding", "known", "lists", "rules", "turns")
    },
    **{f"libs/sweeps/{name}.py": "" for name in ("origins", "outlook")},
    **{f"libs/templates/{name}.py": "" for name in ("bundle", "forms", "images")},
    "libs/tiers/__init__.py": "",
    **{
        f"services/redemption/{name}.py": ""
        for name in ("batches", "commands", "deciding", "paying", "replies", "sources", "telling")
    },
    **{
        f"libs/webhooks/{name}.py": ""
        for name in ("endpoints", "payload", "schedule", "signature", "targets", "wanted")
    },
    "libs/ledger/model.py": "",
    "libs/ledger/decide.py": "import socket",
    "libs/language/wording.py": "",
    "libs/promotions/decide.py": "",
    "libs/runtime/clock.py": "import cli.main",
    "libs/runtime/consume.py": "import faust, libs.promotions.decide",
    "libs/runtime/faust_host.py": "import faust",
    "libs/verdicts/judge.py": "",
    "services/earning/domain.py": "import services.earning.store",
    "services/earning/store.py": "import libs.runtime.faust_host, services.expiry",
    "services/expiry/__init__.py": "import deploy",
    "services/gateway/__init__.py": "import tests.support",
    **{f"services/notifier/{name}.py": "" for name in ("attempts", "channels/mail_bytes", "hours", "states")},
    "services/redemption/__init__.py": "",
    "cli/main.py": "",
    "deploy/schema.py": "",
    "tests/support.py": "",
}


def run(command: list[str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_lint(name: str) -> None:
    status, output = run(COMMANDS[name], ROOT)
    assert status == 0, output


def test_every_import_contract_can_fail(tmp_path: Path) -> None:
    for path, text in PLANTED.items():
        module = tmp_path / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(text + "\n", encoding="utf-8")
        for parent in module.relative_to(tmp_path).parents[:-1]:
            tmp_path.joinpath(parent, "__init__.py").touch()
    status, output = run([*COMMANDS["imports"], "--config", str(ROOT / ".importlinter")], tmp_path)
    broken = [line for line in output.splitlines() if " BROKEN" in line and not line.startswith("Contracts:")]
    contracts = ROOT.joinpath(".importlinter").read_text(encoding="utf-8").count("[importlinter:contract:")
    assert status == 1, output
    assert len(broken) == contracts, output
