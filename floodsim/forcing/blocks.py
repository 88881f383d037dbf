"""From stamped records to blocks of constant intensity, and what can be wrong on the way. Pure arrays, no files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from floodsim.errors import Faults
from floodsim.forcing.series import Rain

GREATEST_RATE = 3000.0e-3 / 3600.0
"""Intensities above 3000 mm/h are taken for a mistake in the unit (the one-minute world record is near 2300 mm/h)."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of records: ``starts``, ``ends`` (n,) in s, usual length ``step``, gaps to refuse ``missing`` (n-1,)."""

    starts: np.ndarray
    ends: np.ndarray
    step: float
    missing: np.ndarray

    def inside(self, duration: float) -> slice:
        """The records whose blocks overlap the run [0, duration]."""
        kept = np.flatnonzero((self.ends > 0.0) & (self.starts < duration))
        return slice(int(kept[0]), int(kept[-1]) + 1) if kept.size else slice(0, 0)


def lay_blocks(times: np.ndarray, stamp: str, gaps: str, step: float | None) -> Blocks:
    """Turn ascending record times (n,) in s into blocks.

    ``stamp`` says whether a time marks the start or the end of its block. A block is as long as ``step``, by default
    the most common distance of records, but never overlaps its neighbour; ``gaps`` = "hold" makes it reach there.
    """
    distances = np.diff(times)
    if step is None:
        values, counts = np.unique(np.round(distances, 3), return_counts=True)
        step = float(values[np.argmax(counts)]) if values.size else 0.0
    reach = np.full(times.size, step)
    near = distances if gaps == "hold" else np.minimum(distances, step)
    if stamp == "start":
        reach[:-1] = near
        starts, ends = times, times + reach
    else:
        reach[1:] = near
        starts, ends = times - reach, times
    missing = (starts[1:] - ends[:-1] > 1e-6 * max(step, 1.0)) & (gaps == "refuse")
    return Blocks(starts, ends, step, missing)


def to_rain(starts: np.ndarray, ends: np.ndarray, rates: np.ndarray, zones: np.ndarray | None = None) -> Rain:
    """Make Rain of ordered blocks (n,) with rates (n, zones) in m/s; no rain falls between blocks that do not touch."""
    apart = np.flatnonzero(starts[1:] - ends[:-1] > 1e-6 * (ends[:-1] - starts[:-1]))
    edges = np.insert(np.append(starts, ends[-1]), apart + 1, ends[apart])
    return Rain(edges, np.insert(rates, apart + 1, 0.0, axis=0), zones)


def check_cover(blocks: Blocks, duration: float, faults: Faults, key: str, labels: np.ndarray, what: str) -> slice:
    """The records that matter to the run; faults where there are none, or where some are missing in between.

    ``labels`` (n,) name the records in messages, ``what`` says what they are (``"row"``, ``"time"``).
    """
    kept = blocks.inside(duration)
    if kept.start == kept.stop:
        faults.add(
            "the rain does not overlap the run",
            key=key,
            value=f"records from {blocks.starts[0]:g} s to {blocks.ends[-1]:g} s after clock.start",
            allowed=f"some record between 0 s and {duration:g} s",
            remedy="check clock.start, rainfall.start and rainfall.time_unit",
        )
        return kept
    gap = blocks.missing & (blocks.ends[:-1] < duration) & (blocks.starts[1:] > 0.0)
    if gap.any():
        after = ", ".join(str(label) for label in labels[:-1][gap][:5])
        more = f" and {int(gap.sum()) - 5} more" if gap.sum() > 5 else ""
        faults.add(
            f"records are missing after {what} {after}{more} (records come every {blocks.step:g} s)",
            key=key,
            remedy='complete the series; or rainfall.gaps = "dry" where missing records mean no rain (as in SWMM rain '
            'files), "hold" where a value lasts until the next',
        )
    return kept


def check_values(
    values: np.ndarray,
    rates: np.ndarray,
    labels: np.ndarray,
    faults: Faults,
    key: str,
    what: str,
    written: Sequence[str] = (),
) -> None:
    """Faults for missing, negative and impossible rain; arrays of one value per record, ``labels`` name the records.

    ``written`` are the values as they stand in the file, where it is a text.
    """
    with np.errstate(invalid="ignore"):
        kinds = [
            (
                ~np.isfinite(values),
                "no number",
                "finite numbers",
                "fill the gap, or delete the record and see rainfall.gaps; decimals need a point, not a comma",
            ),
            (values < 0.0, "negative rain", "0 or more", "replace markers of missing values"),
            (
                rates > GREATEST_RATE,
                "rain above 3000 mm/h",
                "0 to 3000 mm/h",
                "check rainfall.unit and rainfall.factor",
            ),
        ]
    for bad, message, allowed, remedy in kinds:
        if bad.any():
            shown = ", ".join(str(label) for label in labels[bad][:5])
            more = f" and {int(bad.sum()) - 5} more" if bad.sum() > 5 else ""
            at = int(np.flatnonzero(bad)[0])
            first = repr(written[at]) if written else f"{values[at]:g}"
            faults.add(f"{message} at {what} {shown}{more}", key=key, value=first, allowed=allowed, remedy=remedy)


def check_increasing(times: np.ndarray, faults: Faults, key: str) -> None:
    """Faults where the times (n,) of a file without rows are missing, repeat or go backwards."""
    if not np.isfinite(times).all():
        faults.add("the time variable has missing values", key=key, remedy="fill or drop these times")
    elif np.any(np.diff(times) <= 0.0):
        at = int(np.flatnonzero(np.diff(times) <= 0.0)[0]) + 1
        faults.add(
            "times repeat or go backwards", key=key, value=f"time number {at + 1}", remedy="sort the file by time"
        )
