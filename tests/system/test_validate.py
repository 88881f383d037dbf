"""The command validate: what it says of cases that pass, miss, break or cannot run, and what it writes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from floodsim.cli import main
from floodsim.errors import EXIT_BAD_INPUT, EXIT_NOT_VALID, EXIT_OK, EXIT_WOULD_OVERWRITE
from floodsim.surface import bands
from floodsim.validation import suite
from floodsim.validation.case import FIRST, SECOND, Curve, Outcome, Picture, Scheme, ValidationCase, at_least


def answer(scheme: Scheme, _data: Path | None) -> Outcome:
    """Figures of a made-up case; second order is twice as slow."""
    x = np.array([0.0, 1.0, np.nan, 2.0])
    picture = Picture(
        "made up", "x, m", "level, m", (Curve("reference", x, x, "reference"), Curve("model", x, x, "result"))
    )
    return Outcome({"error": 0.02, "order": 1.4, "free": 7.0}, (picture,), 1.0, 2.0 * scheme.order)


CASE = ValidationCase(
    name="made_up", title="A made-up case", group="own", source="nobody", peers="none", evaluate=answer,
    limits={FIRST: {"error": 0.03, "order": at_least(1.0)}, SECOND: {"error": 0.03}},
    seconds={FIRST: 1.0, SECOND: 99.0},
)  # fmt: skip


def use(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    monkeypatch.setattr(suite, "CASES", (dataclasses.replace(CASE, **changes),))
    monkeypatch.setattr(bands, "usable_cores", lambda: 1)  # another process would not know of the made-up case


def test_passes_and_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch)
    page, facts = tmp_path / "page.html", tmp_path / "facts.json"
    command = ["validate", "--json", str(facts), "--report", str(page)]
    assert main(command) == EXIT_OK
    out = capsys.readouterr()
    assert "2 pass" in out.out
    assert "2/2 made_up, second order: PASS" in out.err
    entry = json.loads(facts.read_text(encoding="utf-8"))["cases"]["made_up"]["schemes"]
    assert entry["hllc1"]["figures"]["order"] == {"value": 1.4, "limit": 1.0, "least": True, "state": "pass"}
    assert entry["hllc2"]["figures"]["free"]["state"] == "info"
    assert entry["hllc2"]["cpu_ratio"] == 2.0
    text = page.read_text(encoding="utf-8")
    assert "A made-up case" in text and text.count("<polyline") == 6 and "http" not in text.replace("http://www.w3", "")
    assert main(command) == EXIT_WOULD_OVERWRITE


def test_quick_leaves_slow_schemes_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch)
    assert main(["validate", "--quick"]) == EXIT_OK
    assert "1 pass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("limits", "known", "code", "said"),
    [
        ({"error": 0.01}, {}, EXIT_NOT_VALID, "error: 0.02, limit 0.01: fail"),
        ({"order": at_least(2.0)}, {}, EXIT_NOT_VALID, "order: 1.4, limit at least 2: fail"),
        ({"gone": 1.0}, {}, EXIT_NOT_VALID, "gone: nan, limit 1: fail"),
        ({"error": 0.01}, {(FIRST, "error"): "a cause"}, EXIT_OK, "error: 0.02, limit 0.01: known: a cause"),
        ({"error": 0.03}, {(FIRST, "error"): "a cause"}, EXIT_NOT_VALID, "mended: a cause"),
    ],
)
def test_figures_over_their_limits(
    limits: dict[str, float], known: dict[object, str], code: int, said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    use(monkeypatch, limits={FIRST: limits}, known=known)
    assert main(["validate"]) == code
    assert said in capsys.readouterr().err


def test_a_case_that_breaks_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_scheme: Scheme, _data: Path | None) -> Outcome:
        raise ZeroDivisionError("nothing left")

    use(monkeypatch, evaluate=broken)
    assert main(["validate"]) == EXIT_NOT_VALID
    assert "ERROR ZeroDivisionError: nothing left" in capsys.readouterr().err


@pytest.mark.parametrize("changes", [{"needs": "no/such/data"}, {"package": "no_such_package"}])
def test_skips_are_said(
    changes: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, **changes)
    assert main(["validate", "--data", str(tmp_path), "--report", str(tmp_path / "p.html")]) == EXIT_OK
    out = capsys.readouterr().out
    assert out.count("SKIPPED, proves nothing") == 2 and "2 skipped" in out
    assert "were SKIPPED and prove nothing" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_a_scheme_out_of_its_range_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, limits={FIRST: {"order": at_least(1.0)}}, outside={SECOND: "too steep"})
    assert main(["validate", "--report", str(tmp_path / "p.html")]) == EXIT_OK
    assert "1 pass, 1 shown" in capsys.readouterr().out
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert '<td class="shown">shown</td><td class="num">1.4</td>' in page and "too steep" in page


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--case", "no_such_case"]) == EXIT_BAD_INPUT
    assert "no_such_case" in capsys.readouterr().err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--list"]) == EXIT_OK
    assert "ea_test4" in capsys.readouterr().out


def test_processes_side_by_side_find_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for workers in ("1", "2"):
        file = tmp_path / f"{workers}.json"
        assert main(["validate", "--case", "lake_immersed", "--workers", workers, "--json", str(file)]) == EXIT_OK
        schemes = json.loads(file.read_text(encoding="utf-8"))["cases"]["lake_immersed"]["schemes"]
        found.append({name: entry["figures"] for name, entry in schemes.items()})
    assert found[0] == found[1] and list(found[0]) == list(found[1]) and len(found[0]) > 1
    assert "3/3" in capsys.readouterr().err
