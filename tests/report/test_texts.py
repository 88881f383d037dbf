"""Texts: both languages, each key once, none missing and none idle."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path

import pytest

import floodsim.report
from floodsim.report.texts import LANGUAGES, Texts, clock, number

FOLDER = Path(floodsim.report.__file__).parent
SOURCES = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html"), FOLDER.parent / "cli_report.py"]
BY_PREFIX = (
    "term_",
    "measure_",
    "phase_",
    "proof_",
    "status_",
    "series_",
    "kind_",
    "confidence_",
    "map_",
    "layer_",
    "change_",
    "area_",
    "stat_",
    "buildings_",
)
STATES = {
    "pass", "fail", "undetermined", "none", "reached", "dry", "outside", "lane_depth", "ground_floor", "recession",
    "summary", "background", "capability", "targets", "sheets", "measures", "emergency", "quality", "annex",
    "time_h", "time_min",
}  # fmt: skip


def sections() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((FOLDER / "texts.toml").read_text(encoding="utf-8"))


def test_each_key_stands_once_in_both_languages() -> None:
    keys = [key for section in sections().values() for key in section]
    assert sorted(keys) == sorted(set(keys))
    for section in sections().values():
        for key, texts in section.items():
            assert set(texts) == set(LANGUAGES) and all(texts.values()), key
            parts = [{part for _, part, _, _ in string.Formatter().parse(text) if part} for text in texts.values()]
            assert parts[0] == parts[1], key


def test_keys_used_are_there_and_keys_there_are_used() -> None:
    used = set(STATES)
    for source in SOURCES:
        used |= set(re.findall(r"""\bt\(\s*["']([a-z_A-Z0-9]+)["']""", source.read_text(encoding="utf-8")))
    there = {key for section in sections().values() for key in section}
    assert used - there == set()
    assert {key for key in there - used if not key.startswith(BY_PREFIX)} == set()


def test_numbers_and_times() -> None:
    assert number(None) == number(float("nan")) == "–"
    assert number(1.005, "{:.1f}") == "1.0" and number("as it is", "{:.1f}") == "as it is"
    assert clock(3900.0) == "1:05" and clock(59 * 60 + 31.0) == "1:00" and clock(None) == "–"


def test_an_unknown_confidence_counts_as_unverified() -> None:
    t = Texts("en")
    assert t.confidence("hearsay") == t.confidence("recalled") and "unverified" in t.confidence("recalled")
    assert t.pick({"en": "a", "zh": ""}) == "a" and Texts("zh").pick({"en": "a", "zh": "甲"}) == "甲"
    with pytest.raises(KeyError):
        t("no such text")
