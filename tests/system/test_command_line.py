"""What does not need a run: help, schema, wrong options, wrong cases, exit codes, the promises of the README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from floodsim import __version__, cli, errors
from floodsim.case.load import load_case
from floodsim.case.schema import Case
from tests.system.conftest import ROOT, Floodsim

COMMANDS = ["run", "check", "storm", "schema", "export", "info", "report", "compare", "network", "batch", "capacity",
            "measures", "validate", "zones"]  # fmt: skip


def test_help_lists_commands_and_exit_codes(floodsim: Floodsim) -> None:
    result = floodsim("--help")
    assert result.returncode == 0
    assert set(cli.cli.commands) == set(COMMANDS)
    for word in [*COMMANDS, *errors.EXIT_CODES.values()]:
        assert word in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(floodsim: Floodsim, command: str) -> None:
    result = floodsim(command, "--help")
    assert result.returncode == 0
    assert f"Usage: floodsim {command}" in result.stdout
    assert "--debug" in result.stdout
    assert result.stderr == ""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from floodsim.cli import main; main(['run', '--help']);"
        "heavy = {'numpy', 'numba', 'xarray', 'pydantic', 'rich', 'netCDF4', 'yaml'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr


def test_help_speed(floodsim: Floodsim, record_property: Any) -> None:
    """Measured for the record; a busy machine is no fault of the program."""
    begun = time.perf_counter()
    floodsim("run", "--help")
    record_property("help_seconds", round(time.perf_counter() - begun, 3))


def test_version(floodsim: Floodsim) -> None:
    assert __version__ in floodsim("--version").stdout


def test_console_that_knows_no_chinese(floodsim: Floodsim) -> None:
    result = floodsim("--help", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert "waterlogging point" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'CASE'"),
        (["run", "case.toml", "--fast"], "No such option"),
        (["walk"], "No such command 'walk'"),
        (["run", "case.toml", "--threads", "-1"], "--threads"),
        (["storm"], "Give either a CASE"),
    ],
)
def test_wrong_usage(floodsim: Floodsim, arguments: list[str], message: str) -> None:
    result = floodsim(*arguments)
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["run", "check", "storm", "info"])
def test_missing_case_file(floodsim: Floodsim, tmp_path: Path, command: str) -> None:
    result = floodsim(command, "nowhere.toml")
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "nowhere.toml" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "check", "info"])
def test_faults_are_shown_all_at_once(floodsim: Floodsim, pool: Path, command: str) -> None:
    pool.write_text(
        pool.read_text(encoding="utf-8")
        .replace('duration = "15 min"', 'duration = "-1 h"')
        .replace('crs = "local"', 'crs = "local"\nresolutoin = 5.0'),
        encoding="utf-8",
    )
    before = set(pool.parent.iterdir())
    result = floodsim(command, pool)
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "grid.resolutoin" in result.stderr
    assert "clock.duration" in result.stderr
    assert "remedy" in result.stderr
    assert "Traceback" not in result.stderr
    assert set(pool.parent.iterdir()) == before


def test_wrong_override_is_a_fault(floodsim: Floodsim, pool: Path) -> None:
    result = floodsim("check", pool, "--set", "solver.cfl=7")
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "solver.cfl" in result.stderr
    assert "0.65" in result.stderr


def test_debug_shows_the_traceback_and_keeps_the_exit_code(floodsim: Floodsim) -> None:
    for arguments in (["--debug", "check", "nowhere.toml"], ["check", "nowhere.toml", "--debug"]):
        result = floodsim(*arguments)
        assert result.returncode == errors.EXIT_BAD_INPUT
        assert "Traceback" in result.stderr


def references(node: Any) -> list[str]:
    """Every $ref inside a JSON document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


def test_schema_is_json_schema(floodsim: Floodsim, tmp_path: Path) -> None:
    result = floodsim("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    assert schema["type"] == "object"
    assert set(schema["properties"]) >= set(Case.model_fields)
    assert set(schema["required"]) <= set(schema["properties"])
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]
    assert floodsim("schema", "--out", "schema.json").returncode == 0
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == schema


def test_written_files_are_not_overwritten_unless_told(floodsim: Floodsim, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text("mine")
    result = floodsim("schema", "--out", file)
    assert result.returncode == errors.EXIT_WOULD_OVERWRITE
    assert "--force" in result.stderr
    assert file.read_text() == "mine"
    assert floodsim("schema", "--out", file, "--force").returncode == 0
    assert file.read_text() != "mine"


def test_folder_that_cannot_be_written(floodsim: Floodsim, tmp_path: Path) -> None:
    result = floodsim("schema", "--out", tmp_path / "no" / "such" / "schema.json")
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "No such file or directory" in result.stderr
    assert "Traceback" not in result.stderr


def test_storm_of_a_formula(floodsim: Floodsim, tmp_path: Path) -> None:
    """Shanghai, 5 years, 2 h, r = 0.405: 76.404 mm in all and 13.896 mm in the greatest 5 min, worked out by hand."""
    storm = ["storm", "--formula", "shanghai", "-P", "5", "--duration", "2 h", "-r", "0.405"]
    result = floodsim(*storm, "--csv", "storm.csv", "--swmm", "storm.dat")
    assert result.returncode == 0, result.stderr
    assert "76.4 mm" in result.stdout
    rows = [line.split(",") for line in (tmp_path / "storm.csv").read_text().splitlines()[1:]]
    depths = {float(minutes): float(depth) for minutes, _, depth in rows}
    assert len(depths) == 24
    assert sum(depths.values()) == pytest.approx(76.404, abs=5e-4)
    assert max(depths, key=lambda minutes: depths[minutes]) == 45.0
    assert depths[45.0] == pytest.approx(13.896, abs=5e-4)
    swmm = [line.split() for line in (tmp_path / "storm.dat").read_text().splitlines() if not line.startswith(";")]
    assert sum(float(line[-1]) for line in swmm) == pytest.approx(76.404, abs=5e-4)
    assert floodsim(*storm, "--csv", "storm.csv").returncode == errors.EXIT_WOULD_OVERWRITE


def test_storm_of_a_case(floodsim: Floodsim, pool: Path) -> None:
    """Rain that is alike everywhere does not read the terrain, which may be large."""
    (pool.parent / "terrain.asc").write_text("to be delivered")
    result = floodsim("storm", pool, "--set", "rainfall.intensity=30 mm/h")
    assert result.returncode == 0, result.stderr
    assert "5.0 mm" in result.stdout


def test_storm_faults_name_the_option(floodsim: Floodsim) -> None:
    result = floodsim("storm", "--formula", "atlantis", "-P", "many", "-r", "3")
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "rainfall.return_period" in result.stderr and "rainfall.peak_ratio" in result.stderr
    unknown = floodsim("storm", "--formula", "atlantis", "-P", "5")
    assert unknown.returncode == errors.EXIT_BAD_INPUT
    assert "shanghai" in unknown.stderr  # among those allowed


def test_storm_list(floodsim: Floodsim) -> None:
    result = floodsim("storm", "--list")
    assert result.returncode == 0
    assert "shanghai" in result.stdout and "上海" in result.stdout


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ZeroDivisionError("division by zero"), errors.EXIT_UNEXPECTED, "unexpected ZeroDivisionError"),
        (errors.RunError("mass error"), errors.EXIT_RUN_FAILED, "mass error"),
        (errors.OverwriteError("in the way"), errors.EXIT_WOULD_OVERWRITE, "in the way"),
        (errors.CaseError(errors.Fault("too low", key="grid.roughness")), errors.EXIT_BAD_INPUT, "grid.roughness"),
        (OSError(28, "No space left on device", "maps.nc"), errors.EXIT_RUN_FAILED, "maps.nc: No space left"),
        (MemoryError(), errors.EXIT_RUN_FAILED, "out of memory"),
        (KeyboardInterrupt(), errors.EXIT_INTERRUPTED, "interrupted"),
    ],
)
def test_exit_code_of_every_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(cli, "_load", fail)
    assert cli.main(["info", "case.toml"]) == code
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


def test_readme_keeps_its_promises() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for code, meaning in errors.EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in text
    for command in COMMANDS:
        assert f"`floodsim {command}" in text
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    for case in re.findall(r"cases/\S+?\.toml", text):
        assert (ROOT / case).exists(), case


def test_case_of_the_readme_is_a_case(tmp_path: Path) -> None:
    """All that is wrong with it is that its two files are not there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    with pytest.raises(errors.CaseError) as caught:
        load_case(tmp_path / "case.toml")
    assert [fault.key for fault in caught.value.faults] == ["grid.terrain", "grid.buildings"]


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_continuous_integration_script_is_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
