"""Exchange kernels against the formulas written out, published examples, and the promise that no water is made."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from floodsim.case.drainage import InletClass
from floodsim.drainage.inlets import class_table, splash_speed
from floodsim.kernels import exchange as kernels

G = 9.81
INCH, FOOT, CFS = 0.0254, 0.3048, 0.3048**3


def numbers(**keys: object) -> np.ndarray:
    return class_table([InletClass.model_validate({"name": "x", **keys})]).numbers[0]


def gutter_flow(spread: float, slope: float, cross: float, n: float) -> tuple[float, float]:
    """Flow (m3/s) and speed (m/s) of a triangular gutter by Manning; HEC-22, eq. 5.2 and 5.3."""
    flow = 0.376 / n * cross**1.67 * slope**0.5 * spread**2.67
    return flow, 0.752 / n * slope**0.5 * cross**0.67 * spread**0.67


def test_gutter_keeps_the_flow_area() -> None:
    for h in (0.001, 0.005, 0.02, 0.0199, 0.3):
        spread, depth = kernels.gutter(h, 2.0, 0.02)
        area = 0.5 * spread * depth if spread < 2.0 else 2.0 * (depth - 0.5 * 0.02 * 2.0)
        assert area == pytest.approx(2.0 * h, rel=1e-12)
    assert kernels.gutter(0.1, 2.0, 0.0) == (2.0, 0.1)


@pytest.mark.parametrize(
    ("grate", "length", "frontal", "side", "captured"),
    [("P_BAR-50", 2.0, 1.0, 0.038, 3.15), ("RETICULINE", 2.0, 0.88, 0.038, 2.8), ("P_BAR-50", 4.0, 1.0, 0.163, 3.6),
     ("RETICULINE", 4.0, 1.0, 0.163, 3.6)],
)  # fmt: skip
def test_grates_on_grade_as_in_hec22_example_7_1(
    grate: str, length: float, frontal: float, side: float, captured: float
) -> None:
    """HEC-22, 4th ed., table 7.4: T = 3.0 m, SL = 0.04, Sx = 0.025, n = 0.016, grates 2 ft wide."""
    flow, speed = gutter_flow(3.0, 0.04, 0.025, 0.016)
    c = numbers(kind="grate", length=length * FOOT, width=2 * FOOT, grate=grate, cross_slope=0.025)
    assert 1.0 - 0.295 * max(speed - splash_speed(grate, length * FOOT), 0.0) == pytest.approx(frontal, abs=0.01)
    assert 1 / (1 + 0.0828 * speed**1.8 / (0.025 * (length * FOOT) ** 2.3)) == pytest.approx(side, rel=0.02)
    assert kernels.grate_efficiency(c, speed, 3.0) * flow / CFS == pytest.approx(captured, rel=0.02)


def test_kerb_opening_on_grade_as_in_hec22_example_7_2() -> None:
    """Q = 0.050 m3/s, SL = 0.01, Sx = 0.02, n = 0.016, L = 3.0 m: 0.031 m3/s is taken."""
    spread = (0.05 * 0.016 / (0.376 * 0.02**1.67 * 0.01**0.5)) ** (1 / 2.67)
    flow, speed = gutter_flow(spread, 0.01, 0.02, 0.016)
    assert flow == pytest.approx(0.05, rel=2e-3)
    full = 0.817 * 0.05**0.42 * 0.01**0.3 * (1 / (0.016 * 0.02)) ** 0.6
    wanted = (1 - (1 - 3.0 / full) ** 1.8) * 0.05
    found = kernels.kerb_efficiency(3.0, 0.05, speed, spread, 0.02) * 0.05
    assert found == pytest.approx(wanted, rel=5e-3)
    assert found == pytest.approx(0.031, abs=5e-4)


def test_the_grate_takes_from_what_passes_the_kerb_opening_before_it() -> None:
    """What is left of the flow is a narrower and slower gutter on the same street, as HEC-22 reckons sweepers."""
    flow, speed = gutter_flow(3.0, 0.04, 0.025, 0.016)
    c = numbers(
        kind="combination", length=2 * FOOT, width=2 * FOOT, grate="RETICULINE", kerb_length=2.0, kerb_height=0.13,
        cross_slope=0.025,
    )  # fmt: skip
    ahead = kernels.kerb_efficiency(c[kernels.KERB_FREE], flow, speed, 3.0, 0.025)
    assert 0.05 < ahead < 0.9
    spread = ((1.0 - ahead) * flow * 0.016 / (0.376 * 0.025**1.67 * 0.04**0.5)) ** (1 / 2.67)
    slower = gutter_flow(spread, 0.04, 0.025, 0.016)[1]
    wanted = ahead + (1.0 - ahead) * kernels.grate_efficiency(c, slower, spread)
    assert kernels.efficiency_on_grade(c, flow, speed, 3.0) == pytest.approx(wanted, rel=1e-3)
    assert kernels.grate_efficiency(c, slower, spread) > 1.05 * kernels.grate_efficiency(c, speed, 3.0)


def test_inlets_in_sags_as_in_hec22() -> None:
    """Examples 7.6 (kerb, 0.045 m3/s), 7.7 (slot, 12 ft for 4.9 cfs) and 7.8 (combination, 5.3 cfs at 0.39 ft)."""
    kerb = numbers(kind="kerb", kerb_length=2.5, kerb_height=0.13)
    assert kernels.capture_on_sag(kerb, 0.02 * 2.5, G) == pytest.approx(0.045, abs=1e-3)
    slot = numbers(kind="slotted", length=12 * FOOT, width=1.75 * INCH)
    assert kernels.capture_on_sag(slot, 3.6 * INCH, G) / CFS == pytest.approx(4.9, rel=0.02)
    combined = numbers(
        kind="combination", length=4 * FOOT, width=2 * FOOT, grate="P_BAR-50", kerb_length=4 * FOOT,
        kerb_height=3.9 * INCH, cross_slope=0.03,
    )  # fmt: skip
    alone = combined.copy()
    alone[kernels.KERB_HIDDEN] = 0.0
    assert kernels.capture_on_sag(alone, 0.39 * FOOT, G) / CFS == pytest.approx(5.3, rel=0.04)


def test_capture_is_weir_then_orifice() -> None:
    c = numbers(kind="manhole", diameter=0.7)
    shallow, deep = 0.01, 1.0
    weir = 2 / 3 * 0.54 * math.pi * 0.7 * math.sqrt(2 * G) * shallow**1.5
    orifice = 0.167 * math.pi * 0.35**2 * math.sqrt(2 * G * deep)
    for depth, wanted in ((shallow, weir), (deep, orifice)):
        middle = max(depth - 0.5 * c[kernels.CROSS_SLOPE] * c[kernels.WIDTH], 0.5 * depth)
        scale = (middle / depth) ** (1.5 if wanted == weir else 0.5)
        assert kernels.capture_on_sag(c, depth, G) == pytest.approx(wanted * scale, rel=1e-12)


@pytest.mark.parametrize("kind", ["grate", "kerb", "combination", "slotted"])
@pytest.mark.parametrize("speed", [0.0, 0.3, 3.0])
def test_capture_never_falls_with_depth_and_never_jumps(kind: str, speed: float) -> None:
    keys = {"length": 0.75, "width": 0.45, "kerb_length": 1.5, "kerb_height": 0.12}
    wanted = {"kerb": ("kerb_length", "kerb_height"), "grate": ("length", "width"), "slotted": ("length", "width")}
    sizes = {key: keys[key] for key in wanted.get(kind, tuple(keys))}
    c = numbers(kind=kind, **sizes)
    depths = np.linspace(1e-4, 1.0, 4000)
    points = np.zeros((0, 2))
    flows = np.array(
        [
            kernels.free_capture(c, kernels.HEC22, 0, 0, points, kernels.AUTOMATIC, 1, 1.0, h, speed, 2.0, G)
            for h in depths
        ]
    )
    assert (flows > 0.0).all()
    assert np.diff(flows).min() > -1e-3 * flows.max()
    assert np.diff(flows).max() < 0.02 * flows.max()


def test_clogging_count_and_curve() -> None:
    c = numbers(kind="grate", length=0.75, width=0.45)
    points = np.array([[0.0, 0.0], [0.1, 0.02], [0.3, 0.05]])

    def flow(method: int, count: int, clean: float, h: float) -> float:
        return kernels.free_capture(c, method, 0, 2, points, kernels.ON_SAG, count, clean, h, 0.0, 2.0, G)

    for method in (kernels.BY_DEPTH, kernels.HEC22, kernels.CURVE):
        assert flow(method, 3, 0.4, 0.2) == pytest.approx(3 * 0.4 * flow(method, 1, 1.0, 0.2), rel=1e-12)
        assert flow(method, 1, 0.0, 0.2) == 0.0
    assert flow(kernels.CURVE, 1, 1.0, 0.2) == pytest.approx(0.035, rel=1e-12)
    assert flow(kernels.CURVE, 1, 1.0, 0.9) == 0.05
    assert flow(kernels.SEALED, 1, 1.0, 0.9) == 0.0


def one_port(entry: InletClass, head: float, level: float, slack: float) -> float:
    """Flow of one inlet with its crest at 10 m below a street at ``level``, whose node stays at ``head``."""
    table = class_table([entry])
    one, ports = np.array([[0, 0, 0, 1, 0]]), np.zeros((1, 4))
    h, still, place = np.full((1, 1), level - 10.0), np.zeros((1, 1)), np.zeros(1, np.int64)
    kernels.weigh_ports(
        h, still, still, place, place, np.array([10.0]), one, np.ones(1), np.array([10.0]), table.numbers, table.wholes,
        table.points, 2.0, G, ports,
    )  # fmt: skip
    return kernels.port_flow(head, *ports[0, :3], 10.0, ports[0, 3], table.numbers[0, kernels.LIFT], slack)[0]


def test_a_sealed_lid_holds_until_it_lifts() -> None:
    def flow(head: float, level: float) -> float:
        return one_port(InletClass(name="lid", kind="sealed", lift_head=0.3), head, level, 0.0)

    assert flow(10.29, 10.0) == 0.0
    assert flow(8.0, 10.5) == 0.0
    assert flow(10.79, 10.5) == 0.0
    area = math.pi * 0.35**2
    assert flow(10.9, 10.5) == pytest.approx(-0.167 * area * math.sqrt(2 * G * 0.1), rel=1e-9)


@pytest.mark.parametrize("level", [10.003, 10.02, 10.5])
@pytest.mark.parametrize("slack", [1e-3, 0.25])
@pytest.mark.parametrize(
    "entry",
    [
        InletClass(name="m", kind="manhole"),
        InletClass(name="g", kind="combination", length=1.5, width=0.45, kerb_length=1.5, kerb_height=0.12),
        InletClass(name="c", kind="curve", curve=[(0.0, 0.0), (0.05, 0.03), (0.4, 0.06)]),
        InletClass(name="s", kind="sealed", lift_head=0.1),
    ],
    ids=lambda entry: entry.kind,
)
def test_the_flow_falls_with_the_head_of_the_node_and_never_jumps(
    entry: InletClass, slack: float, level: float
) -> None:
    """Free fall, drowned and surcharged: one curve, without the steps at crest and street that make flows swing."""
    heads = np.concatenate((np.linspace(9.9, level + 0.5, 6001), [level, np.nextafter(10.0, 11.0)]))
    heads.sort()
    flow = np.array([one_port(entry, head, level, slack) for head in heads])
    assert np.diff(flow).max() <= 1e-12
    free, out = flow[0], -flow[-1]
    near = 4.5 * max(free, out, 1e-9) * math.sqrt(1e-4 / min(level - 10.0, 0.5))  # a square root at its foot
    assert -np.diff(flow).min() < near
    assert one_port(entry, level, level, slack) == pytest.approx(0.0, abs=1e-6 * max(free, out))


class Street:
    """A few cells with several inlets in each, and nodes with several inlets each."""

    def __init__(self, seed: int, real: type = np.float64, inlets: int = 12, cells: int = 3, nodes: int = 4) -> None:
        rng = np.random.default_rng(seed)
        self.classes = class_table(
            [
                InletClass(name="a", kind="manhole"),
                InletClass(name="b", kind="grate", length=0.75, width=0.45),
                InletClass(name="c", kind="combination", length=0.75, width=0.45, kerb_length=1.5, kerb_height=0.15),
            ]
        )
        self.h = np.zeros((3, cells + 2), real)
        self.h[1, 1:-1] = rng.choice([0.0, 1e-6, 0.01, 0.1, 0.6], cells)
        self.u = rng.normal(0.0, 1.0, self.h.shape).astype(real)
        self.v = rng.normal(0.0, 1.0, self.h.shape).astype(real)
        self.rows, self.columns = np.ones(cells, np.int64), np.arange(1, cells + 1)
        self.bed = 10.0 + 0.1 * rng.random(cells)
        whole = [rng.integers(0, top, inlets) for top in (cells, nodes, 3)]
        self.inlets = np.stack([*whole, rng.integers(1, 3, inlets), rng.integers(0, 3, inlets)], axis=1)
        self.clean = rng.random(inlets)
        self.crest = self.bed[self.inlets[:, 0]]
        self.head = 10.0 + rng.choice([-2.0, -0.05, 0.02, 0.2, 1.5], nodes)
        self.surface = rng.uniform(1.0, 30.0, nodes)
        self.volume = rng.choice([0.0, 1e-3, 5.0], nodes)
        self.owed = np.zeros(nodes)
        self.arriving = rng.choice([-0.2, 0.0, 0.5], nodes)
        self.inertia = rng.uniform(0.0, 2.0, nodes)
        self.sharing = np.bincount(self.inlets[:, 0], minlength=cells)[self.inlets[:, 0]]
        self.flow = np.zeros(inlets)

    def plan(self, dt: float) -> np.ndarray:
        nodes = len(self.head)
        order = np.argsort(self.inlets[:, 1], kind="stable")
        first = np.append(np.unique(self.inlets[order, 1], return_index=True)[1], len(order))
        kernels.plan_exchange(
            dt, G, 2.0, 4.0, self.h, self.u, self.v, self.rows, self.columns, self.bed, self.inlets, self.clean,
            self.crest, self.classes.numbers, self.classes.wholes, self.classes.points, order, first, self.head,
            self.surface, self.volume, self.arriving, self.inertia, self.owed, np.zeros(nodes),
            np.zeros((len(self.flow), 4)), dt * self.sharing / 4.0, self.flow,
        )  # fmt: skip
        return self.flow

    def plain_flow(self, k: int, head: float, dt: float) -> float:
        """Flow of inlet k where its node ends at ``head``, as the formulas stand on paper; the cell's level by search.

        The street sinks by Q dt / A, A the part of the cell that is the inlet's.
        """
        cell, _, kind, count, placement = self.inlets[k]
        c, h = self.classes.numbers[kind], float(self.h[1, cell + 1])
        crest, area = self.bed[cell], 4.0 / self.sharing[k]
        opening = count * self.clean[k]
        speed = math.hypot(self.u[1, cell + 1], self.v[1, cell + 1])
        free = kernels.free_capture(
            c, self.classes.wholes[kind, 0], 0, 0, self.classes.points, placement, count, self.clean[k], h, speed, 2.0,
            G,
        )  # fmt: skip
        kerb = c[kernels.KERB_HEIGHT] * (c[kernels.KERB_FREE] + c[kernels.KERB_HIDDEN])
        drowned = opening * (c[kernels.ORIFICE] * c[kernels.AREA] + c[kernels.KERB_ORIFICE] * kerb)

        def out_of_balance(q: float) -> float:
            d = crest + h - q * dt / area - max(head, crest)
            if head > crest + h:
                law = -opening * c[kernels.OUT_ORIFICE] * c[kernels.OUT_AREA]
            else:
                law = max(drowned, free / math.sqrt(2 * G * h)) if free > 0.0 else 0.0
            return q - law * math.sqrt(2 * G * abs(d)) * (1.0 if d * (crest + h - head) > 0.0 else 0.0)

        widest = (crest + h - max(head, crest)) * area / dt
        if widest == 0.0:
            return 0.0
        found = brentq(out_of_balance, min(widest, 0.0), max(widest, 0.0), xtol=1e-14, rtol=1e-12)
        return min(found, free) if head <= crest + h else found

    def plain(self, dt: float) -> np.ndarray:
        """The same as `plan`: the head of every node at the end of the step by search."""
        flow = np.zeros(len(self.flow))
        for node in range(len(self.head)):
            mine = np.flatnonzero(self.inlets[:, 1] == node)
            stiff = self.surface[node] / dt + 0.5 * dt * self.inertia[node]

            def balance(head: float, node: int = node, mine: np.ndarray = mine, stiff: float = stiff) -> float:
                return (
                    stiff * (head - self.head[node])
                    - self.arriving[node]
                    - sum(self.plain_flow(k, head, dt) for k in mine)
                )

            head = brentq(balance, -100.0, 200.0, xtol=1e-13, rtol=1e-14)
            flow[mine] = [self.plain_flow(k, head, dt) for k in mine]
            out = flow[mine] < 0.0
            asked = -flow[mine][out].sum() * dt
            if asked > self.volume[node]:
                flow[mine[out]] *= self.volume[node] / asked
        return flow


@pytest.mark.parametrize("seed", range(8))
def test_plan_against_the_formulas(seed: int) -> None:
    street = Street(seed)
    np.testing.assert_allclose(street.plan(1.0), street.plain(1.0), rtol=1e-6, atol=1e-8)


@given(seed=st.integers(0, 10_000), dt=st.floats(0.01, 30.0), single=st.booleans())
def test_no_water_is_made_and_none_goes_below_zero(seed: int, dt: float, single: bool) -> None:
    street = Street(seed, np.float32 if single else np.float64)
    flow = street.plan(dt)
    out = np.bincount(street.inlets[:, 1], np.minimum(flow, 0.0), minlength=len(street.head))
    assert (-out * dt <= street.volume * (1 + 1e-12)).all()
    source = np.full(street.h.shape, 1e-5, np.float32)
    before, given_volume = source.astype(float), np.zeros(len(flow))
    cells = street.inlets[:, 0].copy()
    kernels.add_to_source(dt, 4.0, street.rows, street.columns, cells, flow, source, given_volume)
    gained = float((source.astype(float) - before).sum()) * 4.0 * dt
    assert gained == pytest.approx(given_volume.sum(), rel=1e-13, abs=1e-15)
    assert given_volume.sum() == pytest.approx(-np.minimum(flow, 0.0).sum() * dt, rel=1e-5, abs=1e-6)
    h, taken = street.h.astype(float), np.zeros(len(flow))
    kernels.take_from_cells(
        dt, 4.0, street.rows, street.columns, cells, flow, street.h, street.u, street.v, np.zeros(3), taken
    )
    assert (street.h >= 0.0).all()
    assert (taken >= 0.0).all()
    assert (taken <= np.maximum(flow, 0.0) * dt * (1 + 1e-6) + 1e-6 * single).all()
    lost = (h - street.h.astype(float)).sum() * 4.0
    assert lost == pytest.approx(taken.sum(), rel=1e-13, abs=1e-15)


@given(seed=st.integers(0, 10_000), dt=st.floats(0.1, 60.0))
def test_the_exchange_of_one_inlet_never_turns_the_difference(seed: int, dt: float) -> None:
    street = Street(seed, inlets=1, cells=1, nodes=1)
    street.volume[:] = 1e6
    street.arriving[:] = street.inertia[:] = 0.0
    d = street.bed[0] + street.h[1, 1] - street.head[0]
    flow = street.plan(dt)[0]
    after = d - flow * dt * (1 / street.surface[0] + 1 / 4.0)
    assert after * d >= -1e-12


def test_inlets_of_one_node_on_two_streets_find_a_steady_flow() -> None:
    """A high inlet feeds its node, a low one lets the water out again: no step after step back and forth."""
    street = Street(1, inlets=2, cells=2, nodes=1)
    street.bed[:] = 10.0, 9.9
    street.crest = street.bed.copy()
    street.inlets = np.array([[0, 0, 2, 1, 2], [1, 0, 0, 1, 2]])
    street.clean[:], street.volume[:], street.sharing = 1.0, 1e3, np.ones(2)
    street.surface[:], street.arriving[:], street.inertia[:], street.head[:] = 2.0, 0.0, 0.0, 9.0
    street.h[1, 1:3] = 0.04, 0.01
    flows = []
    for _ in range(400):
        flows.append(street.plan(1.0).copy())
        street.head += flows[-1].sum() / street.surface
    found = np.array(flows)
    assert (found[:, 0] > 0.0).all()
    turning = np.sign(found[:, 1])
    assert np.count_nonzero(np.diff(turning[turning != 0.0])) == 1
    assert found[-1].sum() == pytest.approx(0.0, abs=1e-6)
    assert found[-1, 1] == pytest.approx(-found[-1, 0], abs=1e-6) and found[-1, 0] > 0.005


def test_all_that_share_a_cell_are_scaled_alike() -> None:
    h = np.full((3, 3), 0.01)
    flow, taken = np.array([0.3, 0.1, 0.0, -5.0]), np.zeros(4)
    speeds = np.ones((3, 3))
    one = np.ones(1, np.int64)
    cells = np.zeros(4, np.int64)
    kernels.take_from_cells(1.0, 4.0, one, one, cells, flow, h, speeds, speeds, np.zeros(1), taken)
    assert h[1, 1] == 0.0
    assert speeds[1, 1] == 0.0
    np.testing.assert_allclose(taken, [0.03, 0.01, 0.0, 0.0], rtol=1e-14)


def test_roofs_give_up_to_their_capacity_and_never_more_than_the_rain() -> None:
    source = np.zeros((3, 6), np.float32)
    source[1, 1:5] = [1e-5, 1e-4, 2e-6, -1e-6]
    before = source.astype(float)
    place = np.ones(4, np.int64), np.arange(1, 5)
    rate, weight, taken = np.array([1e-5, 1e-4, 1e-5, 1e-5]), np.array([1.0, 0.5, 1.0, 1.0]), np.zeros(4)
    kernels.take_roof_rain(10.0, 4.0, *place, rate, weight, 3e-5, source, taken)
    np.testing.assert_allclose(taken / 40.0, [1e-5, 1.5e-5, 2e-6, 0.0], rtol=1e-6)
    assert (before - source.astype(float)).sum() * 40.0 == pytest.approx(taken.sum(), rel=1e-14)
    assert source[1, 4] == np.float32(-1e-6)
