"""Sockets from tile to tile: numbers go straight from worker to worker, past client and scheduler.

Every message is a header (tag, length) and the bytes of an array. A tag keeps messages apart that one tile sends for
different ends; between two tiles messages of a tag arrive in the order in which they were sent.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from collections import defaultdict, deque

import numpy as np

from floodsim.errors import RunError

HEADER = struct.Struct("<iq")
BUFFER = 4 << 20
"""Bytes that the system is asked to hold for a socket, so that a halo leaves at once."""
HELLO, HALO, UP, DOWN = range(4)
"""Tags: who speaks; strips of a halo; largest values on their way to the first tile, and back."""


class LostTileError(RunError):
    """Another tile does not answer any more; ``tile`` is its number."""

    def __init__(self, tile: int, reason: str) -> None:
        super().__init__(reason)
        self.tile = tile

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        return LostTileError, (self.tile, str(self))


class Links:
    """The sockets of one tile. `connect` once all tiles listen; ``patience`` s without a word are the end.

    Raises LostTileError where a tile is gone, or has been silent for longer than ``patience``.
    """

    def __init__(self, number: int, host: str = "127.0.0.1", patience: float = 120.0, key: bytes = b"") -> None:
        self.number, self.patience, self._key = number, patience, key
        self._server = socket.create_server((host, 0), backlog=64)
        self.address: tuple[str, int] = (host, self._server.getsockname()[1])
        self._sockets: dict[int, socket.socket] = {}
        self._outboxes: dict[int, queue.SimpleQueue[bytes | memoryview | None]] = {}
        self._early: dict[tuple[int, int], deque[bytearray]] = defaultdict(deque)
        self.received = self.sent = 0
        self.waited = 0.0
        self._tree: list[int] = []
        self._parent: int | None = None

    def connect(self, addresses: list[tuple[str, int]], neighbours: list[int]) -> None:
        """Open a socket to the neighbours and to those tiles with which largest values are agreed."""
        count = len(addresses)
        self._parent = (self.number - 1) // 2 if self.number else None
        self._tree = [child for child in (2 * self.number + 1, 2 * self.number + 2) if child < count]
        peers = {*neighbours, *self._tree, *(() if self._parent is None else (self._parent,))}
        for peer in sorted(peer for peer in peers if peer < self.number):  # the one with the higher number calls
            with self._watching(peer):
                link = socket.create_connection(addresses[peer], timeout=self.patience)
                self._add(peer, link)
                link.sendall(HEADER.pack(HELLO, self.number) + self._key)
        self._server.settimeout(self.patience)
        waiting = {peer for peer in peers if peer > self.number}
        while waiting:
            with self._watching(min(waiting)):
                link, _ = self._server.accept()
                link.settimeout(self.patience)
                _, peer = HEADER.unpack(bytes(self._read(link, HEADER.size)))
                key = bytes(self._read(link, len(self._key)))
            if peer not in waiting or key != self._key:
                link.close()  # someone else who found the port
                continue
            self._add(peer, link)
            waiting.discard(peer)

    def send(self, peer: int, tag: int, values: np.ndarray) -> None:
        """Send an array; returns at once. The array may be changed afterwards."""
        content = np.ascontiguousarray(values).tobytes()
        self._outboxes[peer].put(HEADER.pack(tag, len(content)) + content if len(content) < 4096 else
                                 HEADER.pack(tag, len(content)))  # fmt: skip
        if len(content) >= 4096:
            self._outboxes[peer].put(memoryview(content))
        self.sent += len(content)

    def receive(self, peer: int, tag: int) -> bytearray:
        """The next message of a tag from a peer."""
        early = self._early[peer, tag]
        began = time.perf_counter()
        while not early:
            with self._watching(peer):
                link = self._sockets[peer]
                kind, length = HEADER.unpack(bytes(self._read(link, HEADER.size)))
                self._early[peer, kind].append(self._read(link, length))
        self.waited += time.perf_counter() - began
        content = early.popleft()
        self.received += len(content)
        return content

    def greatest(self, values: np.ndarray) -> np.ndarray:
        """The largest of the values (n,) of all tiles, number by number, the same on all; no number stays none."""
        most = np.array(values, np.float64)
        for child in self._tree:
            np.maximum(most, np.frombuffer(self.receive(child, UP)), out=most)
        if self._parent is not None:
            self.send(self._parent, UP, most)
            most = np.frombuffer(self.receive(self._parent, DOWN)).copy()
        for child in self._tree:
            self.send(child, DOWN, most)
        return most

    def close(self) -> None:
        """Close all sockets; what waits to be sent is let go."""
        for outbox in list(self._outboxes.values()):
            outbox.put(None)
        for link in (*self._sockets.values(), self._server):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        self._sockets, self._outboxes = {}, {}

    def _add(self, peer: int, link: socket.socket) -> None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for side in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            with contextlib.suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, side, BUFFER)
        link.settimeout(self.patience)
        self._sockets[peer] = link
        outbox: queue.SimpleQueue[bytes | memoryview | None] = queue.SimpleQueue()
        self._outboxes[peer] = outbox
        name = f"link-{self.number}-{peer}"
        threading.Thread(target=_deliver, args=(link, outbox), name=name, daemon=True).start()

    @staticmethod
    def _read(link: socket.socket, length: int) -> bytearray:
        content = bytearray(length)
        view, got = memoryview(content), 0
        while got < length:
            count = link.recv_into(view[got:])
            if not count:
                raise ConnectionError("the connection was closed")
            got += count
        return content

    @contextlib.contextmanager
    def _watching(self, peer: int):  # type: ignore[no-untyped-def]
        began = time.monotonic()
        try:
            yield
        except TimeoutError as error:
            silent = time.monotonic() - began
            raise LostTileError(peer, f"tile {self.number} has had no word from tile {peer} for {silent:.0f} s: "
                                "its worker hangs, or the network is down") from error  # fmt: skip
        except (OSError, KeyError) as error:
            raise LostTileError(peer, f"tile {self.number} has lost tile {peer}: {error}") from error


def shut(descriptor: int) -> None:
    """Shut a connection down, so that whoever waits at either end of it goes on."""
    link = socket.socket(fileno=socket.dup(descriptor))
    try:
        link.shutdown(socket.SHUT_RDWR)
    finally:
        link.close()


def keep_alive(descriptor: int) -> None:
    """Let the system notice within a minute that the other end of a connection has fallen silent for good."""
    with contextlib.suppress(OSError, AttributeError):
        link = socket.socket(fileno=socket.dup(descriptor))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 20), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 4)):
            link.setsockopt(socket.IPPROTO_TCP, option, value)
        link.close()


def _deliver(link: socket.socket, outbox: queue.SimpleQueue[bytes | memoryview | None]) -> None:
    """Send what comes into an outbox. Errors end it: whoever waits for an answer will notice."""
    while (content := outbox.get()) is not None:
        try:
            link.sendall(content)
        except OSError:
            return
