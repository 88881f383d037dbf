import numpy as np
import pytest

from floodsim.assess.hazard import ARR_MEANINGS, DEFRA_MEANINGS, arr_class, defra_class


@pytest.mark.parametrize(
    ("depth", "speed", "expected"),
    [
        (0.0, 0.0, 0), (np.nan, 1.0, 0), (0.1, 0.5, 1), (0.3, 1.0, 1), (0.3, 1.5, 2), (0.45, 0.2, 2), (0.2, 2.5, 5),
        (0.6, 0.9, 3), (1.2, 0.5, 3), (1.2, 0.6, 4), (1.9, 0.1, 4), (0.6, 1.5, 4), (0.8, 1.9, 5), (3.0, 0.1, 5),
        (4.5, 0.0, 6), (0.5, 4.5, 6), (2.0, 2.5, 6),
    ],
)  # fmt: skip
def test_arr_classes(depth: float, speed: float, expected: int) -> None:
    assert arr_class(np.array([depth]), np.array([speed]))[0] == expected


def test_defra_classes() -> None:
    rating = np.array([[0.0, 0.1, 0.74], [0.75, 1.24, 1.3], [1.99, 2.5, np.nan]])
    np.testing.assert_array_equal(defra_class(rating), [[0, 1, 1], [2, 2, 3], [3, 4, 0]])
    np.testing.assert_array_equal(defra_class(np.array([2.3]), (0.75, 1.25, 2.5)), [3])


def test_every_class_has_a_meaning() -> None:
    assert sorted(ARR_MEANINGS) == list(range(7)) and sorted(DEFRA_MEANINGS) == list(range(5))
