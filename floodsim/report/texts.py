"""Every sentence of the report in English and Chinese, from texts.toml, and how numbers and times are written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh", "en")


class Texts:
    """The texts of one language: ``t("summary")``, with parts filled in by name."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, **parts: Any) -> str:
        """The text of a key; KeyError where texts.toml has none."""
        text = _texts()[key][self.lang]
        return text.format(**parts) if parts else text

    def pick(self, texts: Any) -> str:
        """The text of this language out of {"en": ..., "zh": ...}, an object with such attributes, or plain text."""
        if isinstance(texts, Mapping):
            return str(texts.get(self.lang) or texts.get("en") or "")
        return str(texts if isinstance(texts, str) else getattr(texts, self.lang, "") or "")

    def some(self, prefix: str) -> dict[str, str]:
        """All texts whose keys begin with a prefix, without it; for the page's own script."""
        return {key.removeprefix(prefix): row[self.lang] for key, row in _texts().items() if key.startswith(prefix)}

    def confidence(self, name: str) -> str:
        """How a number is known, in words; an unknown name counts as unverified."""
        key = f"confidence_{name}"
        return self(key if key in _texts() else "confidence_recalled")


def number(value: Any, form: str = "{:.2f}") -> str:
    """A value for a reader: a dash for none, text as it is, else by the format."""
    if value is None or value != value:
        return "–"
    return form.format(value) if form and not isinstance(value, str) else str(value)


def clock(seconds: float | None) -> str:
    """A time as hours and minutes, "1:05"."""
    if seconds is None or seconds != seconds:
        return "–"
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


@cache
def _texts() -> dict[str, dict[str, str]]:
    data = tomllib.loads((resources.files("floodsim.report") / "texts.toml").read_text(encoding="utf-8"))
    return {key: row for section in data.values() for key, row in section.items()}
