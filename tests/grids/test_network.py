"""The storm sewers of the synthetic old town: remade to the byte, sound as hydraulics, and short where they say so."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.case.load import load_case
from floodsim.drainage.check_network import ERROR, check_network
from floodsim.drainage.network import NONE, Network, NodeKind
from floodsim.drainage.read_inp import read_inp
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results

rasterio = pytest.importorskip("rasterio")

ROOT = Path(__file__).parents[2]
GRID = ROOT / "grids" / "old_town"
RUNOFF = {1: 0.90, 2: 0.60, 3: 0.90, 4: 0.15, 5: 0.15, 8: 0.40, 11: 0.15}
UNDERSIZED = {"P-K73", "P-Y209", "P-Y210"}
"""The old pipe below Zhengxing Street, from the crossing with Jianshe Road to North Station Street."""
PUMPED = 0.075
"""What the pumps of the underpass were meant to give, m3/s."""
MARKET, BUS_STOP = (475147.0, 3482256.0), (475884.7, 3482121.5)
SAGS = {"crossing": (475295.0, 3482844.0), "school": (475863.0, 3482765.0), "bus stop": BUS_STOP}


def rows_of(name: str) -> list[dict[str, str]]:
    with (GRID / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def raster(name: str) -> np.ndarray:
    """Values of a raster, rows from south to north."""
    with rasterio.open(GRID / name) as file:
        return file.read(1)[::-1]


@pytest.fixture(scope="module")
def network() -> Network:
    return read_inp(GRID / "network.inp")


@pytest.fixture(scope="module")
def terrain() -> Grid:
    return make_grid(raster("terrain.tif"), 1.0, x0=475000.0, y0=3482000.0)


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    command = [sys.executable, str(GRID / "network.py"), "--out", str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return folder


@pytest.mark.parametrize("name", ["network.inp", "inlets.csv", "hydraulics.csv"])
def test_recipe_makes_the_shipped_files(remade: Path, name: str) -> None:
    assert (remade / name).read_bytes() == (GRID / name).read_bytes()


def test_nothing_is_wrong_with_it_but_what_was_meant(network: Network, terrain: Grid) -> None:
    findings = check_network(network, terrain)
    assert [str(found) for found in findings if found.severity == ERROR] == []
    assert Counter(found.check for found in findings) == {"part": 2, "shrinking": 1}  # three systems; the old pipe
    assert next(found for found in findings if found.check == "shrinking").object == "conduit P-K73"
    assert network.notes == ()
    assert network.unsupported == ()


def test_what_it_is_made_of(network: Network) -> None:
    kinds = Counter(NodeKind(int(kind)) for kind in network.nodes.kind)
    assert kinds == {NodeKind.JUNCTION: 304, NodeKind.STORAGE: 2, NodeKind.OUTFALL: 3}
    assert len(network.pumps.link) == 3
    assert (network.pumps.start_depth > network.pumps.stop_depth).all()
    assert (len(network.weirs.link), len(network.orifices.link), len(network.rules)) == (1, 1, 1)
    assert dict(zip((network.nodes.name[k] for k in network.outfalls.node), network.outfalls.flap, strict=True)) == {
        "OUT-W": False,
        "OUT-E": True,
        "OUT-B": True,
    }
    sizes = network.sections.size[network.links.section[network.conduits.link], 0]
    assert sizes.min() == 0.3
    assert sizes.max() == 2.0
    lengths = network.conduits.length
    assert lengths.max() < 70.0  # the mains below the railway
    assert 35.0 < np.median(lengths) < 48.0
    inlets = rows_of("inlets.csv")
    assert len(inlets) == 605
    assert {row["class"] for row in inlets} == {"single", "double"}


def crowns(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Crown of every conduit at its two ends, m."""
    links, rows = network.links, network.conduits.link
    height = network.sections.size[links.section[rows], 0]
    start = network.nodes.invert[links.start[rows]] + links.offset_start[rows] + height
    return start, network.nodes.invert[links.end[rows]] + links.offset_end[rows] + height


def test_pipes_lie_below_the_street_and_fall(network: Network) -> None:
    links, nodes, rows = network.links, network.nodes, network.conduits.link
    start, end = crowns(network)
    rim = nodes.invert + nodes.full_depth
    assert (rim[links.start[rows]] - start).min() > 0.699
    inside = ~np.isin(links.end[rows], network.outfalls.node)
    assert (rim[links.end[rows]] - end)[inside].min() > 0.699
    slope = (start - end) / network.conduits.length
    assert slope.min() > 0.00077  # large mains; small pipes more
    small = network.sections.size[links.section[rows], 0] == 0.3
    assert slope[small].min() > 0.0034
    for node in range(len(nodes.name)):  # crown to crown, never up
        out = links.start[rows] == node
        if out.any():
            arriving = end[links.end[rows] == node]
            assert arriving.size == 0 or start[out].max() <= arriving.min() + 1e-9, nodes.name[node]


def test_rims_are_the_street(network: Network, terrain: Grid) -> None:
    nodes, bed = network.nodes, terrain.array("bed")
    for row, name in enumerate(nodes.name):
        cell = terrain.cell_of(float(nodes.x[row]), float(nodes.y[row]))
        assert cell is not None
        if nodes.kind[row] == NodeKind.OUTFALL:
            assert 0.0 < nodes.invert[row] - bed[cell] < 0.3, name  # at the bed of the stream, not in it
        elif name != "TANK":
            assert nodes.invert[row] + nodes.full_depth[row] == pytest.approx(float(bed[cell]), abs=1e-3), name


def test_catchments_are_the_town(network: Network) -> None:
    """Areas times runoff coefficients of all pipes add up to those of the land cover, less stream and railway."""
    table = {row["from"]: row for row in rows_of("hydraulics.csv")}
    ends = [table[name] for name in ("K04", "BUS", "UP-S", "BAY")]
    cover = raster("land_cover.tif").astype(int)
    y, x = np.indices(cover.shape) + 0.5
    stream = y < 60.0 + 52.0 * x / 1e3 + 420.0 * x / 1e3 * (x / 1e3 - 0.5) * (x / 1e3 - 1.0) + 8.0
    rail = np.abs(y - (640.0 + 0.06 * (x - 430.0) - 6e-5 * (x - 430.0) ** 2)) < 28.0
    trough = (np.abs(x - 430.0) < 10.0) & (np.abs(y - 640.0) < 80.0)
    town = ~stream & (~rail | trough)
    runoff = np.array([RUNOFF.get(k, 0.0) for k in range(256)])[cover]
    assert sum(float(row["catchment_ha"]) for row in ends) == pytest.approx(1e-4 * town.sum(), rel=2e-3)
    pumped = PUMPED / (float(table["K44"]["intensity_L_s_ha"]) / 1e3)  # carried along as an area that yields it
    total = sum(float(row["runoff_ha"]) for row in ends) - pumped
    assert total == pytest.approx(1e-4 * runoff[town].sum(), rel=5e-3)


def manning(height: float, width: float, slope: float) -> float:
    """Flow in a full circle (width 0) or box."""
    area = width * height if width else np.pi * height**2 / 4.0
    radius = area / (2.0 * (width + height)) if width else height / 4.0
    return float(area * radius ** (2.0 / 3.0) * slope**0.5 / 0.013)


def test_every_pipe_carries_the_two_year_flow_but_the_old_one(network: Network) -> None:
    """Rational method by hand: times along the longest way, Chengdu's formula at P = 2, Manning full."""
    table = {row["pipe"]: row for row in rows_of("hydraulics.csv")}
    links, sections = network.links, network.sections
    start, end = crowns(network)
    minutes: dict[int, float] = {}
    narrow = set()
    waiting = Counter(links.end[network.conduits.link].tolist())
    ready = [int(node) for node in links.start[network.conduits.link] if not waiting[int(node)]]
    leaving = {int(links.start[link]): at for at, link in enumerate(network.conduits.link)}
    while ready:
        node = ready.pop()
        if node not in leaving:
            continue
        at = leaving[node]
        link = network.conduits.link[at]
        row = table[links.name[link]]
        height, width = sections.size[links.section[link], :2]
        length, t = network.conduits.length[at], max(minutes.get(node, 10.0), 10.0)
        lg = np.log10(2.0)
        rain = 44.594 * (1.0 + 0.651 * lg) / (t + 27.346) ** (0.953 * lg**-0.017)  # mm/min
        flow = rain / 6e4 * 1e4 * float(row["runoff_ha"])
        slope = (start[at] - end[at]) / length
        capacity = manning(height, width, slope)
        assert float(row["design_flow_m3s"]) == pytest.approx(flow, rel=3e-3)
        assert float(row["capacity_m3s"]) == pytest.approx(capacity, rel=2e-3)
        if capacity < 0.995 * flow:
            narrow.add(links.name[link])
        assert 0.75 < float(row["velocity_m_s"]) < 5.0
        needed = float(row["needed_height_m"]), float(row["needed_width_m"])
        area = needed[0] * needed[1] if needed[1] else np.pi * needed[0] ** 2 / 4.0
        below = int(links.end[link])
        minutes[below] = max(minutes.get(below, 0.0), t + length * area / manning(*needed, slope) / 60.0)
        waiting[below] -= 1
        if not waiting[below]:
            ready.append(below)
    assert len(minutes) > 200
    assert narrow == UNDERSIZED


def test_pumps_are_too_small_and_market_street_has_few_inlets(network: Network) -> None:
    trough = next(row for row in rows_of("hydraulics.csv") if row["from"] == "UP-S")
    rain = 44.594 * (1.0 + 0.651 * np.log10(20.0)) / (5.0 + 27.346) ** (0.953 * np.log10(20.0) ** -0.017)
    need = rain / 6.0 * float(trough["runoff_ha"])  # P = 20 a in five minutes
    pumps = next(curve for curve in network.curves if curve.name == "UP-PUMP")
    installed = 3.0 * float(np.interp(4.0, pumps.x, pumps.y))  # lifting 4 m
    assert installed == pytest.approx(0.0153)
    assert installed < 0.15 * need < PUMPED < need
    counts = Counter()
    for row in rows_of("inlets.csv"):
        for name, (x, y) in {**SAGS, "market": MARKET}.items():
            if np.hypot(float(row["x"]) - x, float(row["y"]) - y) < 50.0:
                counts[name] += int(row["count"])
    assert counts["market"] <= 3
    assert min(counts[name] for name in SAGS) >= 8, counts


def test_inlets_lie_in_the_gutter(network: Network, terrain: Grid) -> None:
    """On paved ground near their manhole and, but for crossings with a steep street, no higher than its rim."""
    cover, bed, higher = raster("land_cover.tif"), terrain.array("bed"), 0
    place = {name: row for row, name in enumerate(network.nodes.name)}
    inlets = rows_of("inlets.csv")
    for inlet in inlets:
        x, y, row = float(inlet["x"]), float(inlet["y"]), place[inlet["node"]]
        cell = terrain.cell_of(x, y)
        assert cell is not None
        assert cover[cell] in (1, 2), inlet["name"]
        assert np.hypot(x - network.nodes.x[row], y - network.nodes.y[row]) < 27.0
        higher += float(bed[cell]) > network.nodes.invert[row] + network.nodes.full_depth[row]
    assert higher < 0.05 * len(inlets)


def test_swmm_runs_it_with_the_design_flow(tmp_path: Path) -> None:
    """EPA SWMM opens the file; with steady two-year inflow nothing floods but above the old pipe and at the pumps."""
    pytest.importorskip(
        "swmm.toolkit", reason="swmm-toolkit is not installed: the network was NOT opened with EPA SWMM"
    )
    from floodsim.drainage.run_swmm import run_swmm

    own: Counter[str] = Counter()
    for row in rows_of("hydraulics.csv"):
        own[row["from"]] += float(row["runoff_ha"])  # type: ignore[assignment]
        own[row["to"]] -= float(row["runoff_ha"])  # type: ignore[assignment]
    lines = "".join(f'{name} FLOW "" FLOW 1 1 {0.18 * area:.5f}\n' for name, area in own.items() if area > 0.0)
    text = (GRID / "network.inp").read_text(encoding="utf-8") + f"\n[INFLOWS]\n{lines}"
    (tmp_path / "network.inp").write_text(text, encoding="utf-8")
    answer = run_swmm(tmp_path / "network.inp", tmp_path, END_TIME="13:30:00", REPORT_STEP="00:05:00")
    flooded = {name for name, flow in zip(answer.nodes, answer.flooding, strict=True) if flow[-1] > 1e-3}
    assert flooded == {"K73", "UP-S"}  # the trough, whose pumps are too small for it
    inflow = 0.18 * sum(area for area in own.values() if area > 0.0)
    out = sum(answer.flow[answer.links.index(name)][-1] for name in ("P-K04", "P-BUS", "P-BAY"))
    lost = sum(answer.flooding[answer.nodes.index(name)][-1] for name in flooded)
    assert out == pytest.approx(inflow - lost, rel=0.02)


def run(name: str, *overrides: str) -> Results:
    return floodsim.run(load_case(ROOT / "cases" / name / "case.toml", overrides, os.environ))


def exact(results: Results) -> dict[str, float]:
    """Volumes of the drainage, after the three errors were found to be rounding."""
    errors = results.summary["mass"]["errors"]
    assert max(abs(errors[side]) for side in ("surface", "transfer", "network")) < 1e-11
    assert results.summary["drainage"]["volumes_m3"]["lost_over_rims"] == 0.0
    return results.summary["drainage"]["volumes_m3"]


def test_drained_town_loses_its_water_to_the_pipes() -> None:
    results = run("old_town_drained", "grid.resolution=8", "clock.duration=75 min")
    volumes = exact(results)
    assert results.summary["drainage"]["outfalls_on_grid"] == 3
    assert volumes["from_street"] > 0.4 * results.summary["mass"]["terms"]["rain"]["m3"]
    assert results.verdict is not None
    depths = {point["name"]: point["max_depth_m"] for point in results.verdict["points"]}
    dry = {"Textile mill compound", "School gate", "Riverside bus stop"}
    assert {name for name, depth in depths.items() if depth < 0.15} == dry
    assert results.summary["drainage"]["stations"][0]["volume_m3"] > 50.0


def test_drained_block(validation_data: Path) -> None:
    results = run("gistoswmm5_drained", "grid.resolution=2", "clock.duration=90 min")
    volumes = exact(results)
    assert 5.0 < volumes["from_street"] < 100.0
    assert volumes["outfalls"] + volumes["storage"] == pytest.approx(volumes["from_street"], rel=1e-9)
    assert volumes["outfalls"] > 0.7 * volumes["from_street"]


def test_links_have_the_sections_they_need(network: Network) -> None:
    box = [shape == "RECT_CLOSED" for shape in network.sections.shape]
    assert sum(box) == 8  # the culvert in Zhonghua Road, from Renmin Road to the stream
    assert (network.links.section[network.conduits.link] != NONE).all()
