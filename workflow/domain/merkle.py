"""One hash over many chains, as RFC 6962 makes it: leaves after 0x00, pairs after 0x01, in the order they first came.

A tree is kept as its nodes by (level, place). What has no neighbour stands one level up unchanged, which gives the
same root as splitting at the largest power of two. When leaves change, only the nodes above them are made anew.
"""

import hashlib
from collections.abc import Iterable
from typing import Protocol

NOTHING = hashlib.sha256(b"").digest()  # the root of no leaves


class Nodes(Protocol):
    """Where nodes are kept."""

    def get(self, level: int, place: int) -> bytes:
        """A node that was put. Raises KeyError."""

    def put(self, level: int, place: int, node: bytes) -> None:
        """Keep a node in place of the one before."""


class InMemory:
    """Nodes kept in memory."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, int], bytes] = {}

    def get(self, level: int, place: int) -> bytes:
        return self._nodes[level, place]

    def put(self, level: int, place: int, node: bytes) -> None:
        self._nodes[level, place] = node


def leaf(said: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + said).digest()


def pair(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(nodes: Nodes, changed: Iterable[int], size: int) -> bytes:
    """Make the nodes above changed leaves anew; answers the root of `size` leaves, which are all at level 0."""
    if size == 0:
        return NOTHING
    level, width, places = 0, size, set(changed)
    while width > 1:
        above = {place // 2 for place in places}
        for place in above:
            left = nodes.get(level, 2 * place)
            alone = 2 * place + 1 == width
            nodes.put(level + 1, place, left if alone else pair(left, nodes.get(level, 2 * place + 1)))
        level, width, places = level + 1, (width + 1) // 2, above
    return nodes.get(level, 0)
