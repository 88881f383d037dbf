from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.forcing import storms
from floodsim.forcing.coefficients import Coefficients
from floodsim.forcing.design import scs_curve
from floodsim.forcing.formula_file import load_formula
from tests.forcing.helpers import depths_mm

CHONGQING = """1.426 1.534 1.668 1.838 2.062 2.377 2.859 3.716 5.809 13.669 8.428 5.182 3.904 3.204 2.754 2.439
2.202 2.018 1.869 1.746 1.643 1.554 1.477 1.409"""

LAWS = st.builds(
    Coefficients,
    a=st.floats(1.0, 100.0),
    b=st.floats(0.0, 60.0),
    n=st.floats(0.3, 0.99),
)
RATIOS = st.one_of(st.sampled_from([0.0, 0.375, 0.5, 1.0]), st.floats(0.0, 1.0))
TIMES = st.tuples(st.floats(600.0, 86400.0), st.floats(30.0, 7200.0))


def test_chicago_shanghai() -> None:
    law = load_formula("shanghai").coefficients(5)
    depths = depths_mm(storms.chicago(law, 7200.0, 300.0, 0.405))
    assert depths.sum() == pytest.approx(76.404, abs=0.0005)
    assert law.a / law.b**law.n == pytest.approx(4.2623, abs=0.00005)
    assert depths.argmax() == 9  # 45 to 50 min
    assert depths.max() == pytest.approx(13.896, abs=0.0005)
    assert law.depth(300.0) * 1e3 == pytest.approx(14.964, abs=0.0005)


def test_chicago_chongqing_block_list() -> None:
    law = load_formula("chongqing_shapingba").coefficients(5)
    depths = depths_mm(storms.chicago(law, 7200.0, 300.0, 0.4))
    assert depths == pytest.approx([float(part) for part in CHONGQING.split()], abs=0.0005)
    assert depths.sum() == pytest.approx(76.788, abs=0.0005)


def test_chicago_blocks_are_means_of_keifer_and_chu() -> None:
    """The published intensity curve, integrated numerically, gives the same blocks."""
    law, r, total = Coefficients(12.0, 9.0, 0.7), 0.35, 120.0
    rain = storms.chicago(law, total * 60.0, 300.0, r)
    minutes = (np.arange(120_000) + 0.5) * (total / 120_000)
    tau = np.where(minutes <= r * total, (r * total - minutes) / r, (minutes - r * total) / (1.0 - r))
    intensity = law.a * ((1.0 - law.n) * tau + law.b) / (tau + law.b) ** (law.n + 1.0)
    assert depths_mm(rain) == pytest.approx(intensity.reshape(24, -1).mean(axis=1) * 5.0, rel=1e-6)


@given(law=LAWS, r=RATIOS, times=TIMES)
def test_chicago_total_is_exact(law: Coefficients, r: float, times: tuple[float, float]) -> None:
    rain = storms.chicago(law, *times, r)
    assert np.all(np.isfinite(rain.rates)) and rain.rates.min() >= 0.0
    assert depths_mm(rain).sum() == pytest.approx(float(law.depth(times[0])) * 1e3, rel=1e-10)


@given(depth=st.floats(0.0, 1.0), r=RATIOS, times=TIMES)
def test_triangular_total_is_exact(depth: float, r: float, times: tuple[float, float]) -> None:
    rain = storms.triangular(depth, *times, r)
    assert rain.rates.min() >= 0.0
    assert depths_mm(rain).sum() == pytest.approx(depth * 1e3, rel=1e-10, abs=1e-12)
    assert rain.rates.max() <= 2.0 * depth / times[0] * (1.0 + 1e-9)


def test_triangular_peak_lies_where_it_should() -> None:
    rain = storms.triangular(0.06, 3600.0, 60.0, 0.25)
    assert abs(int(rain.rates.argmax()) - 15) <= 1
    assert rain.rates.max() == pytest.approx(2 * 0.06 / 3600.0, rel=0.05)


@given(depth=st.floats(0.0, 1.0), duration=st.floats(60.0, 1e6))
def test_uniform_total_is_exact(depth: float, duration: float) -> None:
    rain = storms.uniform(depth, duration)
    assert depths_mm(rain).sum() == pytest.approx(depth * 1e3, rel=1e-12)
    assert rain.rates.shape == (1, 1)


@given(law=LAWS, r=RATIOS, step=st.sampled_from([60.0, 300.0, 600.0]), count=st.integers(1, 80))
def test_alternating_block_total_and_nesting(law: Coefficients, r: float, step: float, count: int) -> None:
    depths = depths_mm(storms.alternating_block(law, count * step, step, r))
    assert depths.sum() == pytest.approx(float(law.depth(count * step)) * 1e3, rel=1e-9)
    peak = int(depths.argmax())
    assert depths[peak] == pytest.approx(float(law.depth(step)) * 1e3, rel=1e-9)
    reach = min(peak, count - 1 - peak)
    nested = depths[peak - reach : peak + reach + 1].sum()
    assert nested == pytest.approx(float(law.depth((2 * reach + 1) * step)) * 1e3, rel=1e-9)


def test_alternating_block_goes_right_first_and_wants_whole_blocks() -> None:
    law = Coefficients(10.0, 5.0, 0.7)
    depths = depths_mm(storms.alternating_block(law, 1500.0, 300.0, 0.5))
    assert list(np.argsort(-depths)) == [2, 3, 1, 4, 0]
    with pytest.raises(ValueError, match="multiple"):
        storms.alternating_block(law, 1500.0, 400.0, 0.5)


@pytest.mark.parametrize("kind", ["I", "IA", "II", "III"])
def test_scs_curves_rise_from_0_to_1(kind: str) -> None:
    hours, shares = scs_curve(kind)
    assert (hours[0], hours[-1], shares[0], shares[-1]) == (0.0, 24.0, 0.0, 1.0)
    assert np.all(np.diff(hours) > 0.0) and np.all(np.diff(shares) > 0.0)
    peak = hours[np.argmax(np.diff(shares) / np.diff(hours))]
    assert peak == {"I": 9.75, "IA": 7.0, "II": 11.75, "III": 12.0 - 0.25}[kind]


def test_scs_type_ii_against_an_independent_list() -> None:
    hours, shares = scs_curve("II")
    listed = {2: 0.022, 4: 0.048, 6: 0.080, 8: 0.120, 9: 0.147, 10: 0.181, 10.5: 0.204, 11: 0.235, 11.5: 0.283,
              11.75: 0.357, 12: 0.663, 12.5: 0.735, 13: 0.772, 14: 0.820, 16: 0.880, 20: 0.952, 24: 1.0}  # fmt: skip
    assert [float(shares[hours == hour][0]) for hour in listed] == list(listed.values())


@given(
    cuts=st.lists(st.integers(1, 999), min_size=1, max_size=20, unique=True),
    depth=st.floats(0.0, 1.0),
    times=TIMES,
    data=st.data(),
)
def test_pattern_total_is_exact(cuts: list[int], depth: float, times: tuple[float, float], data: st.DataObject) -> None:
    knots = np.array([0, *sorted(cuts), 1000]) / 1000.0
    middle = data.draw(st.lists(st.floats(0.0, 1.0), min_size=len(cuts), max_size=len(cuts)))
    shares = np.array([0.0, *sorted(middle), 1.0])
    rain = storms.pattern(knots, shares, depth, *times)
    assert rain.rates.min() >= 0.0
    assert depths_mm(rain).sum() == pytest.approx(depth * 1e3, rel=1e-10, abs=1e-12)


@given(times=TIMES)
def test_block_edges_cover_the_duration(times: tuple[float, float]) -> None:
    duration, step = times
    edges = storms.block_edges(duration, step)
    assert edges[0] == 0.0 and edges[-1] == duration
    assert np.all(np.diff(edges) > 0.0) and np.all(np.diff(edges) <= step * (1.0 + 1e-9))
