"""Part of a collection. What was not loaded is not known, and is never taken for not being there.

A decision made on parts has read nothing else, so it is the very decision that the whole episode gives; where it would
have to read more, there is no decision but NotLoadedError.
"""

from collections.abc import Iterator, Mapping
from typing import NoReturn, TypeVar

T = TypeVar("T")


class NotLoadedError(Exception):
    """More of the episode is needed than was loaded."""


class Partial(Mapping[str, T]):
    """The things of a collection that were loaded. Asked for any other, for all, or how many, it raises."""

    __slots__ = ("_known",)

    def __init__(self, known: Mapping[str, T]) -> None:
        self._known = known

    def __getitem__(self, key: str) -> T:
        if key not in self._known:
            raise NotLoadedError
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return self._all()

    def __len__(self) -> int:
        return self._all()

    def __repr__(self) -> str:
        return f"Partial({self._known!r})"

    def grown(self, key: str, value: T) -> "Partial[T]":
        """The same with one thing more, or with its after-image."""
        return Partial({**self._known, key: value})

    def _all(self) -> NoReturn:
        raise NotLoadedError


def grown(known: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    """A collection with one thing more, or with its after-image; of a part, a part."""
    return known.grown(key, value) if isinstance(known, Partial) else {**known, key: value}
