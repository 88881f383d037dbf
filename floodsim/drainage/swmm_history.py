"""What SWMM was given at every coupling step, packed: its state cannot be stored, so a restart gives it all again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

BLOCK = 64
"""Steps that are packed together."""


class History:
    """Steps of (time reached s, volumes (nodes,) m3 in single precision, stages (outfalls,) m), in their order.

    Within a block every step holds what differs from the one before, byte by byte, which compresses well where flows
    change slowly.
    """

    def __init__(self, nodes: int, outfalls: int) -> None:
        self.nodes, self.outfalls = nodes, outfalls
        self.width = nodes + 2 * outfalls + 2
        self._blocks: list[bytes] = []
        self._open = np.zeros((BLOCK, self.width), np.uint32)
        self._filled = 0

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + self._filled

    def add(self, t1: float, volumes: np.ndarray, stages: np.ndarray) -> None:
        """Add a step; ``volumes`` must be of single precision."""
        row = self._open[self._filled]
        row[: self.nodes] = volumes.view(np.uint32)
        row[self.nodes : -2] = stages.view(np.uint32)
        row[-2:] = np.array([t1]).view(np.uint32)
        self._filled += 1
        if self._filled == BLOCK:
            self._blocks.append(_pack(self._open))
            self._filled = 0

    def steps(self) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """All steps as they were added."""
        blocks = (_unpack(block, self.width) for block in self._blocks)
        for row in chain(chain.from_iterable(blocks), self._open[: self._filled]):
            numbers = row[self.nodes :].copy().view(np.float64)
            yield float(numbers[-1]), row[: self.nodes].copy().view(np.float32), numbers[:-1]

    def memory(self) -> dict[str, Any]:
        """Everything as arrays."""
        return {
            "packed": np.frombuffer(b"".join(self._blocks), np.uint8),
            "sizes": np.array([len(block) for block in self._blocks], np.int64),
            "open": self._open[: self._filled].copy(),
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave. Raises ValueError where it is of another network."""
        rows = np.asarray(memory["open"])
        if rows.shape[1] != self.width:
            raise ValueError(f"steps of {rows.shape[1]} numbers, {self.width} are wanted")
        ends = np.cumsum(memory["sizes"]).tolist()
        packed = np.asarray(memory["packed"]).tobytes()
        self._blocks = [packed[first:last] for first, last in zip([0, *ends], ends, strict=False)]
        self._filled = len(rows)
        self._open[: self._filled] = rows


def _pack(rows: np.ndarray) -> bytes:
    changes = rows.copy()
    changes[1:] ^= rows[:-1]
    by_byte = changes.view(np.uint8).reshape(*rows.shape, 4).transpose(2, 0, 1)
    return zlib.compress(np.ascontiguousarray(by_byte).tobytes(), 1)


def _unpack(block: bytes, width: int) -> np.ndarray:
    by_byte = np.frombuffer(zlib.decompress(block), np.uint8).reshape(4, BLOCK, width)
    changes = np.ascontiguousarray(by_byte.transpose(1, 2, 0)).view(np.uint32).reshape(BLOCK, width)
    return np.bitwise_xor.accumulate(changes, axis=0)
