"""Survey tables: formats, encodings, aliases, units, depths, snapping, splitting, filled inverts, mapping files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage.aliases import LINE_ALIASES, MATERIALS, POINT_ALIASES, match_columns, roughness_of, unit_in
from floodsim.drainage.mapping import Mapping, first_numbers, load_mapping, save_mapping
from floodsim.drainage.network import Network
from floodsim.drainage.read_tables import read_tables
from floodsim.errors import CaseError
from tests.drainage.survey import (
    LINE_COLUMNS,
    POINT_COLUMNS,
    X0,
    Y0,
    frames,
    tables,
    write_csv,
    write_excel,
    write_gpkg,
)

nan = float("nan")


def notes_of(network: Network) -> str:
    return "\n".join(network.notes)


def level(network: Network, name: str) -> float:
    return float(network.nodes.invert[network.nodes.name.index(name)])


def offsets(network: Network, link: str) -> tuple[float, float]:
    row = network.links.name.index(link)
    return float(network.links.offset_start[row]), float(network.links.offset_end[row])


def check_survey(network: Network) -> None:
    """What every form of the survey has to give."""
    nodes = network.nodes
    assert nodes.name == ("Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "OUT")
    np.testing.assert_allclose(nodes.invert, [498.0, 497.9, 497.8, 497.7, 497.6, 498.0, 497.5])
    np.testing.assert_allclose(nodes.full_depth[:6], [2.0, 2.05, 2.1, 2.15, 2.2, 2.2])
    np.testing.assert_allclose(nodes.x[:3], [X0, X0 + 50, X0 + 100])
    assert network.outfalls.node.tolist() == [6]
    sections = network.sections
    assert sections.shape == ("CIRCULAR",) * 3 + ("RECT_CLOSED",) * 2 + ("CIRCULAR",)
    np.testing.assert_allclose(sections.size[:, 0], [0.6, 0.8, 0.8, 0.8, 1.0, 0.4])
    np.testing.assert_allclose(sections.size[3:5, 1], [1.0, 1.2], err_msg="width x height")
    np.testing.assert_allclose(network.conduits.roughness, [0.014] * 5 + [0.010])
    np.testing.assert_allclose(network.conduits.length, [50, 50, 50, 50, 50, 40])
    assert network.links.start.tolist() == [0, 1, 2, 3, 4, 5] and network.links.end.tolist() == [1, 2, 3, 4, 6, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_csv_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    network, _ = read_tables(*write_csv(tmp_path, *tables(), encoding))
    check_survey(network)
    assert network.links.name[0] == "Y1-Y2"


def test_excel_with_a_title_and_two_sheets(tmp_path: Path) -> None:
    check_survey(read_tables(write_excel(tmp_path / "survey.xlsx", *tables()))[0])


def test_geopackage_with_unnamed_ends(tmp_path: Path) -> None:
    network, _ = read_tables(write_gpkg(tmp_path / "survey.gpkg", *frames(*tables())))
    check_survey(network)
    assert "CGCS2000" in network.crs_wkt


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_shapefiles_with_cut_names_and_no_cpg(tmp_path: Path, encoding: str) -> None:
    for name, frame in zip(("pt", "ln"), frames(*tables()), strict=True):
        cut = {column: column.encode(encoding)[:10].decode(encoding, "ignore") for column in frame.columns}
        frame.rename(columns={**cut, "geometry": "geometry"}).to_file(tmp_path / f"{name}.shp", encoding=encoding)
        (tmp_path / f"{name}.cpg").unlink()
    check_survey(read_tables(tmp_path / "pt.shp", tmp_path / "ln.shp")[0])


def test_columns_in_english_and_sizes_in_metres(tmp_path: Path) -> None:
    points, lines = tables()
    for row in lines.values():
        row[2] = {"DN600": "0.6", "1000x800": "1.0*0.8", "1200×1000": "1.2x1"}.get(row[2]) or float(row[2]) / 1000
    network, mapping = read_tables(
        *write_csv(
            tmp_path, points, lines,
            point_columns=("Node ID", "Easting", "Northing", "Ground Level", "Invert Level", "type", "system"),
            line_columns=("US Node", "DS Node", "Diameter", "Material", "US Invert", "DS Invert", "system"),
        )
    )  # fmt: skip
    check_survey(network)
    assert mapping.size_unit == "m" and "sizes are taken in m" in notes_of(network)


def test_depths_by_name_of_the_column(tmp_path: Path) -> None:
    """井深 under the rims, 起点埋深 and 终点埋深 instead of levels."""
    points, lines = tables()
    for row in points.values():
        row[4] = round(row[3] - row[4], 3)
    for row in lines.values():
        row[4], row[5] = points[row[0]][4], points[row[1]][4]
    network, _ = read_tables(
        *write_csv(
            tmp_path, points, lines,
            point_columns=("点号", "X", "Y", "地面高程", "井深", "附属物", "种类"),
            line_columns=("起点点号", "终点点号", "管径", "材质", "起点埋深", "终点埋深", "种类"),
        )
    )  # fmt: skip
    check_survey(network)
    assert "sizes are taken in mm" in notes_of(network)


def test_depths_by_their_values(tmp_path: Path) -> None:
    """A column called invert that holds 2 under rims of 500 holds depths, and the notes say so."""
    points, lines = tables()
    for row in points.values():
        row[4] = round(row[3] - row[4], 3)
    for row in lines.values():
        row[4], row[5] = points[row[0]][4], points[row[1]][4]
    network, mapping = read_tables(*write_csv(tmp_path, points, lines))
    check_survey(network)
    assert mapping.points.levels == mapping.lines.levels == "depth"
    assert "井底高程 is taken as depth under the rim" in notes_of(network)


def test_northing_called_x(tmp_path: Path) -> None:
    points, lines = tables()
    for row in points.values():
        row[1], row[2] = row[2], row[1]
    network, mapping = read_tables(*write_csv(tmp_path, points, lines))
    check_survey(network)
    assert mapping.points.columns["x"] == "Y" and "X is the northing" in notes_of(network)


def test_missing_inverts_are_filled_and_listed(tmp_path: Path) -> None:
    """Y2 to Y4 lie on the straight line between Y1 and Y5; the dead end Y6 gets nothing."""
    points, lines = tables()
    for name in ("Y2", "Y3", "Y4", "Y6"):
        points[name][4] = ""
    for row in lines.values():
        row[4] = row[5] = ""
    points["Y3"][1] = X0 + 120.0  # the line is by length, not by count
    network, _ = read_tables(*write_csv(tmp_path, points, lines))
    lengths = network.conduits.length[:4]
    expected = 498.0 - 0.4 * np.cumsum(lengths) / lengths.sum()
    np.testing.assert_allclose([level(network, name) for name in ("Y2", "Y3", "Y4")], expected[:3], atol=1e-9)
    assert np.isnan(level(network, "Y6"))
    note = next(note for note in network.notes if "interpolated" in note)
    assert all(f"{name} = " in note for name in ("Y2", "Y3", "Y4")) and "Y6" not in note


def test_inverts_from_pipes(tmp_path: Path) -> None:
    points, lines = tables()
    points["Y2"][4] = ""
    lines["Y2-Y3"][4] = 497.85
    lines["Y1-Y2"][5] = 498.2
    points["Y5"][4] = 497.9  # above its pipe, which starts at 497.6
    network, _ = read_tables(*write_csv(tmp_path, points, lines))
    assert level(network, "Y2") == 497.85 and offsets(network, "Y1-Y2") == (0.0, 0.35)
    assert level(network, "Y5") == 497.6
    assert "lowest pipe of the point: Y2" in notes_of(network) and "Y5 by 0.300 m" in notes_of(network)


def test_ends_are_snapped_within_the_tolerance(tmp_path: Path) -> None:
    import shapely

    points, lines = frames(*tables())
    shapes = list(lines.geometry)
    shapes[0] = shapely.LineString([(X0 + 0.3, Y0), (X0 + 20, Y0 + 5), (X0 + 50, Y0 - 0.2)])
    network, _ = read_tables(write_gpkg(tmp_path / "s.gpkg", points, lines.set_geometry(shapes, crs=lines.crs)))
    assert network.links.start[0] == 0 and network.links.end[0] == 1
    np.testing.assert_allclose(network.links.vertices[0], [[X0 + 20, Y0 + 5]])
    assert network.conduits.length[0] == pytest.approx(shapes[0].length)
    assert "2 ends of lines were snapped to points, the farthest by 0.300 m" in notes_of(network)


def test_lines_are_split_at_manholes(tmp_path: Path) -> None:
    """One line from Y1 to Y4 passes Y2 and Y3, and a sewer manhole of another system that does not count."""
    import pandas
    import shapely

    rows, pipes = tables()
    rows["W9"] = ["W9", X0 + 75.0, Y0 + 0.1, 500.0, 497.0, "检查井", "污水"]
    points, lines = frames(rows, pipes)
    long = lines.iloc[[0]].copy()
    long["终点管底高程"] = 497.7
    long = long.set_geometry([shapely.LineString([(X0, Y0), (X0 + 150, Y0)])], crs=lines.crs)
    lines = pandas.concat([long, lines.iloc[3:]], ignore_index=True)
    network, _ = read_tables(write_gpkg(tmp_path / "s.gpkg", points, lines))
    assert network.links.name[:3] == ("pipe_1-1", "pipe_1-2", "pipe_1-3")
    names = network.nodes.name
    assert [names[row] for row in network.links.end[:3]] == ["Y2", "Y3", "Y4"]
    np.testing.assert_allclose(network.conduits.length[:3], 50.0)
    assert "pipe pipe_1 was split at Y2, Y3" in notes_of(network)
    np.testing.assert_allclose(network.links.offset_start[:3], 0.0, atol=1e-9)


def test_degrees_are_brought_into_metres(tmp_path: Path) -> None:
    points, lines = frames(*tables())
    network, _ = read_tables(write_gpkg(tmp_path / "s.gpkg", points.to_crs("EPSG:4490"), lines.to_crs("EPSG:4490")))
    np.testing.assert_allclose(network.nodes.x[:2], [X0, X0 + 50.0], atol=0.01)
    np.testing.assert_allclose(network.conduits.length[:5], 50.0, atol=0.01)
    assert "degrees" in notes_of(network)


def test_materials_and_assumed_roughness(tmp_path: Path) -> None:
    points, lines = tables()
    lines["Y1-Y2"][3], lines["Y2-Y3"][3], lines["Y3-Y4"][3] = "球墨铸铁", "", "竹"
    network, _ = read_tables(*write_csv(tmp_path, points, lines))
    np.testing.assert_allclose(network.conduits.roughness[:3], [0.012, 0.014, 0.014])
    assert "1 pipes of no material" in notes_of(network) and "1 pipes of material 竹" in notes_of(network)
    for material, n in (
        ("玻璃钢夹砂管", 0.010),
        ("钢管", 0.012),
        ("钢筋混凝土", 0.014),
        ("砖砌", 0.015),
        ("HDPE", 0.010),
    ):
        assert roughness_of(material, MATERIALS) == n


def test_a_mapping_is_saved_edited_and_used_again(tmp_path: Path) -> None:
    points, lines = tables()
    for row in lines.values():
        row[6] = "污水" if row[0] == "Y6" else row[6]
    files = write_csv(tmp_path, points, lines, "gbk")
    _, mapping = read_tables(*files)
    path = tmp_path / "map.toml"
    save_mapping(mapping, path)
    again = load_mapping(path)
    assert again == mapping
    path.write_text(path.read_text("utf-8").replace("keep = []", 'keep = ["雨水"]').replace("0.014", "0.02"), "utf-8")
    network, _ = read_tables(files[0], mapping=load_mapping(path))  # it names the file of the pipes
    assert "Y6-Y3" not in network.links.name and network.links.name[0] == "Y1-Y2"
    assert network.conduits.roughness[0] == 0.02


def test_a_mapping_for_unheard_of_columns(tmp_path: Path) -> None:
    names = {"a1": "name", "a2": "x", "a3": "y", "a4": "rim", "a5": "invert", "a6": "kind", "a7": "system"}
    ends = {"b1": "start", "b2": "end", "b3": "size", "b4": "material", "b5": "invert_start", "b6": "invert_end"}
    ends["b7"] = "system"
    files = write_csv(tmp_path, *tables(), point_columns=tuple(names), line_columns=tuple(ends))
    with pytest.raises(CaseError, match="no column for name is recognised"):
        read_tables(*files)
    path = tmp_path / "map.toml"
    text = 'size_unit = "mm"\n[points.columns]\n' + "".join(f'{field} = "{name}"\n' for name, field in names.items())
    path.write_text(
        text + "[lines.columns]\n" + "".join(f'{field} = "{name}"\n' for name, field in ends.items()), "utf-8"
    )
    check_survey(read_tables(*files, load_mapping(path))[0])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("DN300", [300]), ("d600", [600]), ("1000x800", [1000, 800]), ("1.2*1.0", [1.2, 1.0]), ("Φ500", [500]), ("?", [])],
)
def test_sizes_as_people_write_them(text: str, numbers: list[float]) -> None:
    assert first_numbers(text) == numbers


def test_aliases() -> None:
    assert match_columns(POINT_COLUMNS, POINT_ALIASES)["rim"] == "地面高程(m)"
    assert match_columns(LINE_COLUMNS, LINE_ALIASES)["invert_end"] == "终点管底高程"
    assert match_columns(("Name", "ID"), POINT_ALIASES) == {"name": "Name"}, "the first alias that fits counts"
    assert [unit_in(name) for name in ("管径(mm)", "管径（毫米）", "size [m]", "size")] == ["mm", "mm", "m", ""]
    assert Mapping().size_unit == "mm"
