"""A street coupled to EPA SWMM: nothing is lost between the two, what SWMM loses is told, and runs go on to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.drainage import swmm_engine
from floodsim.errors import CaseError, RunError
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.simulate.networks import write_inp
from tests.simulate.test_checkpoint import StopAt
from tests.simulate.test_coupling import basin, case
from tests.simulate.whole_town import case as town_case
from tests.simulate.whole_town import town

ROOT = Path(__file__).parents[2]


def drain(path: Path) -> Path:
    """Two manholes on the street, fed from outside by far more than their pipe takes for five minutes; an outfall."""
    return write_inp(
        path,
        junctions=["A 8 2 0 0 0", "B 7.9 2 0 0 0"],
        outfalls=["O 7.8 FREE NO"],
        conduits=["C1 A B 10 0.013 0 0", "C2 B O 10 0.013 0 0"],
        sections=["C1 CIRCULAR 0.4 0 0 0 1", "C2 CIRCULAR 0.2 0 0 0 1"],
        places=["A 5 9", "B 15 9", "O 500 9"],
        more="[INFLOWS]\nA FLOW TS FLOW 1 1\n[TIMESERIES]\nTS 0:00 0\nTS 0:01 0.4\nTS 0:05 0.4\nTS 0:06 0\nTS 9:00 0\n",
    )


def test_a_drain_that_overflows_loses_nothing_on_the_way(tmp_path: Path) -> None:
    sections = case(
        drain(tmp_path / "drain.inp"), drainage={"engine": "swmm"}, clock={"duration": "10 min"},
        solver={"sync_interval": "10 s"}, output={"series_interval": "10 s"},
    )  # fmt: skip
    results = floodsim.run(sections, tmp_path / "out", grid=basin())
    summary, network = results.summary, results.network
    errors, volumes = summary["mass"]["errors"], summary["drainage"]["volumes_m3"]
    assert abs(errors["transfer"]) < 1e-13 and abs(errors["surface"]) < 1e-13
    assert 0.0 < abs(errors["network"]) < 3e-3
    assert volumes["own_inflows"] == pytest.approx(0.4 * 300.0, rel=1e-3)
    assert volumes["to_street"] > 20.0 and volumes["from_street"] > 20.0
    assert volumes["owed_to_street"] == 0.0 == volumes["lost_over_rims"]
    on_street = summary["mass"]["terms"]["storage"]["m3"]
    assert on_street == pytest.approx(volumes["to_street"] - volumes["from_street"], rel=1e-8)
    assert summary["drainage"]["engine"] == "swmm" and summary["drainage"]["swmm"]["version"].startswith("5.2")
    assert any("routed by EPA SWMM 5.2" in note for note in summary["notes"])
    assert network is not None
    assert float(network.max_node_head.sel(node="A")) > 10.0
    assert float(network.max_link_filling.min()) == 1.0
    assert float(network.link_velocity.max()) > 1.0
    assert summary["drainage"]["turns"]["manholes"]["most"] <= 5
    results.close()


def plain_town(folder: Path, **more: Any) -> dict[str, Any]:
    """The little town without what SWMM cannot do: a rule that looks at the street, a pump that fails."""
    sections = town_case(folder, **more)
    file = Path(sections["drainage"]["network"])
    text = file.read_text().replace("IF GAUGE well DEPTH > 0.001\nAND", "IF")
    text = text.replace("R 8.5 FIXED 8.6 NO\n", "R 8.5 FIXED 8.6 NO\nS 8.5 FIXED 8.6 NO\n")
    file.write_text(text.replace("P2 T R Q OFF", "P2 T S Q OFF"))  # SWMM takes one link at an outfall
    sections["drainage"] |= {"engine": "swmm", "stations": [{"name": "PS", "units": [{"pump": "P1"}, {"pump": "P2"}]}]}
    sections["solver"] |= {"mass_limit": 1e-4}
    return sections


def test_in_pieces_the_bits_are_those_of_the_whole(tmp_path: Path) -> None:
    sections, grid = plain_town(tmp_path, clock={"duration": "60 s"}), town()
    floodsim.run(sections, tmp_path / "whole", grid=grid).close()
    part = floodsim.run(sections, tmp_path / "pieces", grid=grid, progress=StopAt(30.0))
    assert part.status == "interrupted" and part.summary["simulated_s"] == 30.0
    part.close()
    with floodsim.run(sections, tmp_path / "pieces", grid=grid, resume=True) as results:
        assert results.status == "complete" and results.network is not None
        assert float(np.abs(results.network.link_flow).max()) > 0.05
    assert exact_differences(tmp_path / "whole", tmp_path / "pieces") == []


@pytest.mark.slow
def test_in_tiles_the_bits_are_those_of_the_whole(tmp_path: Path) -> None:
    sections, grid = plain_town(tmp_path, clock={"duration": "3 min"}), town()
    floodsim.run(sections, tmp_path / "whole", grid=grid).close()
    run_tiled(parse_case(sections), tmp_path / "tiles", ThreadPlace(), Cut(2, "2x1"), grid=grid).close()
    assert exact_differences(tmp_path / "whole", tmp_path / "tiles") == []


def test_an_error_over_the_limit_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swmm_engine, "ERROR_LIMIT", 1e-12)
    sections = case(drain(tmp_path / "drain.inp"), drainage={"engine": "swmm"}, clock={"duration": "30 s"})
    with pytest.raises(RunError, match="mass error of the network .* by EPA SWMM"):
        floodsim.run(sections, grid=basin())


def test_what_swmm_cannot_do_for_a_station_is_refused_by_its_key(tmp_path: Path) -> None:
    sections = town_case(tmp_path, drainage={"engine": "swmm"})
    unit = {"pump": "P2", "standby": True}
    station = {"name": "PS", "power_lost_at": "1 min", "units": [{"pump": "P1", "fails_at": "100 s"}, unit]}
    sections["drainage"]["stations"] = [station]
    with pytest.raises(CaseError) as error:
        floodsim.run(sections, grid=town())
    keys = {fault.key for fault in error.value.faults}
    names = ("power_lost_at", "units[0].fails_at", "units[1].standby")
    assert keys >= {f"drainage.stations[0].{name}" for name in names}
    assert all('"floodsim"' in fault.remedy for fault in error.value.faults)


@pytest.mark.slow
def test_the_old_town_closes_under_swmm(tmp_path: Path) -> None:
    """304 manholes and 605 inlets under a storm of five hours: transfer exact, SWMM's own error under 0.3 % of rain."""
    from floodsim.case.load import load_case
    from floodsim.simulate.run_case import run_case

    sections = load_case(ROOT / "cases/old_town_drained/case.toml", ["drainage.engine=swmm"])
    with run_case(sections, tmp_path / "out") as results:
        errors = results.summary["mass"]["errors"]
        assert abs(errors["transfer"]) < 1e-12
        assert abs(errors["network"]) < 3e-3
        assert results.summary["drainage"]["volumes_m3"]["from_street"] > 4e4
