"""Why a waterlogging point passes or fails: outcomes per clause, and sentences in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from floodsim.assess.standard import Standard


@dataclass(frozen=True)
class Reason:
    """A sentence in both languages."""

    en: str
    zh: str

    def texts(self) -> dict[str, str]:
        """As it stands in verdict.json."""
        return {"en": self.en, "zh": self.zh}


SENTENCES = {
    "lane_depth": (
        "depth on the lane reaches {value}, the limit is {limit}",
        "车道积水深度达{value}，限值{limit}",
    ),
    "ground_floor": (
        "water beside buildings reaches {value}, above the sill of the ground floor at {limit}",
        "建筑物旁积水深度达{value}，高于底层门槛{limit}",
    ),
    "recession": (
        "drained {value} after the end of rain, the limit is {limit}",
        "雨停后{value}退水，限值{limit}",
    ),
}


class Reasons:
    """Collects the outcome of every rule for one point."""

    def __init__(self, standard: Standard) -> None:
        self._standard = standard
        self._reasons: list[Reason] = []
        self._definite = False
        self.clauses: list[dict[str, Any]] = []

    @property
    def passed(self) -> bool:
        """Whether every rule was judged and kept."""
        return not self._reasons

    @property
    def undetermined(self) -> bool:
        """Whether the point fails only because something could not be judged."""
        return bool(self._reasons) and not self._definite

    def texts(self) -> list[dict[str, str]]:
        """All reasons against the point."""
        return [reason.texts() for reason in self._reasons]

    def rule(
        self, rule: str, value: float, limit: float, kept: bool, shown: Callable[[float], str] | None = None
    ) -> None:
        """Record a rule that was judged: ``value`` and ``limit`` in SI."""
        show = shown or metres
        self._clause(rule, value, limit, kept)
        if not kept:
            en, zh = SENTENCES[rule]
            parts = {"value": show(value), "limit": show(limit)}
            self._definite = True
            self._against(rule, en.format(**parts), zh.format(**parts))

    def never_drained(self, since: float, allowed: float) -> None:
        """Water still stands although the allowed time is over."""
        self._clause("recession", since, allowed, False)
        self._definite = True
        self._against(
            "recession",
            f"still flooded when the run ends, {hours(since)} after the end of rain; the limit is {hours(allowed)}",
            f"模拟结束时（雨停后{hours(since)}）仍有积水，限值{hours(allowed)}",
        )

    def too_short(self, since: float, allowed: float, needed: float) -> None:
        """Water still stands, and the run ends before the allowed time is over."""
        self._clause("recession", None, allowed, None)
        self._against(
            "recession",
            f"still flooded when the run ends, {hours(since)} after the end of rain, too short to judge the limit of "
            f"{hours(allowed)}: set clock.duration to {hours(needed)} or more",
            f"模拟在雨停后{hours(since)}结束时仍有积水，时长不足以判定限值{hours(allowed)}："
            f"请将clock.duration设为不小于{hours(needed)}",
        )

    def ends_before_rain(self, end: float, rain_end: float) -> None:
        """The run ends while it rains."""
        self._clause("recession", None, None, None)
        self._against(
            "recession",
            f"the run ends at {hours(end)}, before the rain at {hours(rain_end)}: depth and recession cannot be judged",
            f"模拟在{hours(end)}结束，早于降雨结束时刻{hours(rain_end)}：无法判定积水深度和退水时间",
        )

    def wrong_depth(self, measured: float, limit: float) -> None:
        """Recession was measured to a greater depth than the standard's."""
        self._clause("recession", None, None, None)
        self._against(
            "recession",
            f"recession was measured to {metres(measured)}, not to {metres(limit)}: "
            "set output.recession_depth and run again",
            f"退水时间按水深{metres(measured)}统计，而非{metres(limit)}：请修改output.recession_depth后重新计算",
        )

    def no_cells(self) -> None:
        """Nothing to judge on."""
        self._reasons.append(Reason("the point holds no open cell of the domain", "该点位于计算范围之外"))

    def _clause(self, rule: str, value: float | None, limit: float | None, kept: bool | None) -> None:
        clause = self._standard.clauses[rule]
        self.clauses.append(
            {
                "rule": rule,
                "clause": clause.clause,
                "confidence": clause.confidence,
                "value": value,
                "limit": limit,
                "passed": kept,
                "text_en": clause.text_en,
                "text_zh": clause.text_zh,
            }
        )

    def _against(self, rule: str, en: str, zh: str) -> None:
        clause = self._standard.clauses[rule].clause
        self._reasons.append(Reason(f"{en} (clause {clause})", f"{zh}（第{clause}条）"))


def metres(value: float) -> str:
    """A depth for a sentence; three decimals where two would hide what matters."""
    return f"{value:.3f} m"


def hours(value: float) -> str:
    """A time (s) for a sentence."""
    return f"{value / 3600.0:.2f} h"
