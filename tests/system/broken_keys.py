"""Mistakes in the case file itself, and in the options of the command line."""

from __future__ import annotations

from pathlib import Path

from tests.system.yard import CASE, Break, Broken, both, edit, untouched, write

CHICAGO = 'kind = "chicago"\nformula = "{}"\nreturn_period = "{}"\nduration = "10 min"\nstep = "5 min"\n'
MEASURED = 'kind = "series"\nfile = "rain.csv"\ntime_unit = "min"\nunit = "mm/h"\n'


def chicago(formula: str, years: str) -> Break:
    """A design storm instead of the measured rain."""
    return edit(MEASURED, CHICAGO.format(formula, years))


def add(text: str) -> Break:
    """Add a section at the end of the case."""

    def change(folder: Path) -> None:
        file = folder / "case.toml"
        file.write_text(file.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")

    return change


def yaml(text: str) -> Break:
    return write("case.yaml", text)


def gbk(folder: Path) -> None:
    (folder / "case.toml").write_bytes(CASE.encode("gbk"))


POINT = "x = 400130.0\ny = 3400050.0"
SPAN = "span = [3400040.0, 3400060.0]"
UNITS = [
    Broken("wrong unit", edit('"10 min"', '"10 mins"'), "clock.duration", ("'10 mins'", 'did you mean "10 min"?')),
    Broken("unit of another kind", edit('"0.2 m3/s"', '"0.2 mm/h"'), "boundaries[1].discharge",
           ("'0.2 mm/h'", "m3/s, L/s", "2.5 m3/s")),
    Broken("rain without unit", edit('unit = "mm/h"\n', ""), "rainfall.unit",
           ('kind "series" needs unit', "add unit to rainfall", '"mm/h" (intensity) or "mm" (depth per step)')),
    Broken("rain in an unknown unit", edit('unit = "mm/h"', 'unit = "inch"'), "rainfall.unit",
           ("inch", "mm/h", "mm"), "rain.csv"),
    Broken("bare number that lost its unit", edit(MEASURED, 'kind = "uniform"\nintensity = 60\nduration = "5 min"\n'),
           "rainfall.intensity", ("60", "a bare number is in m/s", "60 mm/h")),
    Broken("duration 0", edit('"10 min"', '"0 min"'), "clock.duration", ("'0 min'", "more than 0 s")),
    Broken("run of ten years", edit('"10 min"', '"3650 d"'), "clock.duration", ("'3650 d'", "366 d")),
    Broken("output off the beat", edit('interval = "5 min"', 'interval = "25 s"'), "output.interval",
           ("25 s", "whole multiples of 10 s", "20 s or 30 s")),
    Broken("duration off the beat", edit('"10 min"', '"605 s"'), "clock.duration", ("605 s", "10 min or 610 s")),
]  # fmt: skip

KEYS = [
    Broken("typo in a key", edit("terrain = ", "terain = "), "grid.terain", ('did you mean "terrain"?',)),
    Broken("key of another section", edit("threads = 1", "threads = 1\nmode = \"raised\""), "solver.mode",
           ("buildings",)),
    Broken("name twice", add(f'[[points]]\nname = "gate"\n{POINT}\n'), "points[1].name",
           ("gate", "points[0]", "rename")),
    Broken("unknown area kind", edit('area_kind = "central"', 'area_kind = "downtown"'),
           "waterlogging_points[0].area_kind", ("'downtown'", "central, non_central, important, hub")),
    Broken("inertial in second order", edit("threads = 1", 'threads = 1\nscheme = "inertial"\norder = 2'),
           "solver.order",
           ("2", "set order = 1")),
    Broken("cfl too large", edit("threads = 1", "threads = 1\ncfl = 0.9"), "solver.cfl", ("0.9", "0.65")),
    Broken("losses without parameters", edit('kind = "constant"\ntable = "losses.csv"', 'kind = "green_ampt"'),
           "losses.soil", ("needs soil", "conductivity and suction and deficit", "add soil to losses", "soil texture")),
    Broken("empty soil", edit('kind = "constant"\ntable = "losses.csv"', 'kind = "green_ampt"\nsoil = ""'),
           "losses.soil", ("unknown soil", "silty clay")),
    Broken("unknown soil", edit('kind = "constant"\ntable = "losses.csv"', 'kind = "green_ampt"\nsoil = "mud"'),
           "losses.soil", ("mud", "silty clay")),
    Broken("unknown standard", add('[standard]\nname = "GB50014-2012"\n'), "standard.name",
           ("GB50014-2012", "GB50014-2021")),
    Broken("unknown threshold", add("[standard]\noverrides = {lane_deph = 0.3}\n"), "standard.overrides.lane_deph",
           ("0.3", 'did you mean "lane_depth"?')),
    Broken("threshold out of range", add("[standard]\noverrides = {lane_depth = 15.0}\n"),
           "standard.overrides.lane_depth", ("15", "0.01 to 1 m", "plain number in m")),
    Broken("variable not set", edit('"dem.tif"', '"${FLOODSIM_NO_SUCH_VARIABLE}/dem.tif"'), "grid.terrain",
           ("FLOODSIM_NO_SUCH_VARIABLE", "export FLOODSIM_NO_SUCH_VARIABLE=")),
    Broken("tampered case.json", write("case.json", '{"name": "yard", "clock": {"duration": 600, "stop": 5}, '
                                       '"grid": {"terrain": "dem.tif"}}'), "clock.stop",
           ("unknown key", "start, duration"), "case.json", case="case.json"),
]  # fmt: skip

PLACES = [
    Broken("point outside", edit(POINT, "x = 400530.0\ny = 3400050.0"), "points[0]",
           ("point 'gate' is outside the grid", "x = 400530", "x 400000 .. 400150")),
    Broken("x and y swapped", edit(POINT, "x = 3400050.0\ny = 400130.0"), "points[0]", ("'gate'", "swapped")),
    Broken("point in degrees", edit(POINT, "x = 103.95738\ny = 30.71688"), "points[0]", ("'gate'", "degrees")),
    Broken("point on a house", edit(POINT, "x = 400050.0\ny = 3400030.0"), "points[0]",
           ("on a blocked building", "x = 400050", "street beside")),
    Broken("source outside", edit("y = 3400080.0", "y = 3400180.0"), "sources[0]",
           ("'culvert'", "outside the grid", "y = 3400180")),
    Broken("line outside", edit("[[400075.0, 3400000.0], [400075.0, 3400100.0]]", "[[0.0, 0.0], [0.0, 100.0]]"),
           "lines[0]", ("'street'", "outside the grid", "x = 0, y = 0")),
    Broken("waterlogging point outside", edit("x = 400120.0", "x = 402120.0"), "waterlogging_points[0]",
           ("'underpass'", "x = 402120")),
    Broken("span off the edge", edit(SPAN, "span = [3500040.0, 3500060.0]"), "boundaries[1]",
           ("'brook'", "misses the edge", "3400000 .. 3400100 (y)", "span")),
    Broken("span turned round", edit(SPAN, "span = [3400060.0, 3400040.0]"), "boundaries[1].span",
           ("3400060.0", "smaller coordinate first")),
]  # fmt: skip

STORMS = [
    Broken("P = 1 for Chengdu", chicago("chengdu", "1 a"), "rainfall.return_period",
           ("formula chengdu is not defined at P = 1", "2 years or more", "choose a longer one")),
    Broken("unknown formula", chicago("chendu", "5 a"), "rainfall.formula",
           ("'chendu'", "did you mean 'chengdu'?", "rainfall.formula_file")),
    Broken("return period of 0", chicago("chengdu", "0 a"), "rainfall.return_period", ("'0 a'", "more than 0 a")),
    Broken("step does not divide the storm",
           edit(MEASURED, CHICAGO.format("chengdu", "5 a").replace('"5 min"', '"3 min"')),
           "rainfall.step", ("3 min", "10 min divided by a whole number", "step = ")),
    Broken("storm after the end",
           both(chicago("chengdu", "5 a"), edit('step = "5 min"', 'step = "5 min"\nstart = "1 h"')),
           "rainfall.start", ("3600 s", "600 s", "earlier")),
]  # fmt: skip

OPTIONS = [
    Broken("set unknown key", untouched, "solver.clf", ('did you mean "cfl"?',), "--set", ("--set", "solver.clf=0.5")),
    Broken("set bad value", untouched, "solver.cfl", ("'fast'", "not a number"), "--set", ("--set", "solver.cfl=fast")),
    Broken("set an index too far", untouched, "points.7", ("append",), "--set", ("--set", "points.7.x=3")),
]  # fmt: skip

SYNTAX = [
    Broken("set without value", untouched, "", ("'solver.cfl'", "--set key=value"), "--set", ("--set", "solver.cfl")),
    Broken("toml syntax", edit('"10 min"', "10 min"), "", ("line 6", '"60 mm/h"')),
    Broken("yaml syntax", yaml("name: yard\nclock:\n  duration: 10 min\n grid:\n  terrain: dem.tif\n"), "",
           ("YAML", "line 4", "mend"), "case.yaml", case="case.yaml"),
    Broken("case in GBK", gbk, "", ("line 2", "GBK", "UTF-8")),
    Broken("case of another kind", write("case.txt", CASE), "", (".txt", ".toml, .yaml"), "case.txt", case="case.txt"),
    Broken("no such case", untouched, "",
           ("no such file", "did you mean", "case.toml?"), "casa.toml", case="casa.toml"),
]  # fmt: skip
