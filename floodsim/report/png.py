"""Pictures of cells as palette PNG: one byte per cell before compression, no library needed."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np


def palette_png(index: np.ndarray, colors: np.ndarray) -> bytes:
    """A PNG of ``index`` (ny, nx) uint8, south row first, with ``colors`` (n, 4) uint8 RGBA, n up to 256.

    PNG specification (W3C), colour type 3 with PLTE and tRNS; rows without filter, which suits palettes best.
    """
    ny, nx = index.shape
    rows = np.zeros((ny, nx + 1), np.uint8)
    rows[:, 1:] = index[::-1]
    header = struct.pack(">IIBBBBB", nx, ny, 8, 3, 0, 0, 0)
    parts = [
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", colors[:, :3].tobytes()),
        _chunk(b"tRNS", colors[:, 3].tobytes()),
        _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def data_uri(png: bytes) -> str:
    """A PNG as text that stands inside a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
