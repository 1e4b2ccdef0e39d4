"""What a drawing of a protocol shows where, before any measure: rows of stages, and how each transition is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from workflow.domain.protocol import ProtocolVersion, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One transition between stages of the flow. Several sources only where all stand in the row above."""

    transition: Transition
    sources: tuple[str, ...]
    to: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The stages in rows by the longest way to them, and how every transition is shown: as a line, or in words.

    `in_words`: transitions from a stage for which a drawing found no room.
    """

    version: ProtocolVersion
    in_words: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def order(self) -> tuple[str, ...]:
        return self.version.stage_order or tuple(self.version.stages)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return {key: at for at, key in enumerate(self.order, start=1)}

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The row of each stage in the flow. An end stands in it only where it follows the last stage alone."""
        ranks: dict[str, int] = {}
        for key in self.order:
            if not self.version.stages[key].ends:
                before = [ranks[source] for source in self._before(key) if source in ranks]
                ranks[key] = max(before, default=-1) + 1
        deepest = max(ranks.values(), default=0)
        last = {key for key, rank in ranks.items() if rank == deepest}
        for key in self.order:
            ways = self._into(key)
            if (
                self.version.stages[key].ends
                and ways
                and all(len(w.sources) == 1 and w.sources[0] in last for w in ways)
            ):
                ranks[key] = deepest + 1
        return ranks

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        depth = max(self.ranks.values(), default=-1) + 1
        return tuple(tuple(key for key in self.order if self.ranks.get(key) == rank) for rank in range(depth))

    @cached_property
    def down(self) -> tuple[Way, ...]:
        """Ways from one row to the next."""
        found = []
        for t in self._flowing:
            near = tuple(source for source in t.sources if self._is_near(source, t))
            if near:
                found.append(Way(transition=t, sources=near, to=t.to))
        return tuple(found)

    @cached_property
    def lanes(self) -> tuple[Way, ...]:
        """Ways past other rows, or back up, that can be drawn along the side."""
        return tuple(way for way in self._far if self._is_drawn(way.sources[0], way.transition) and self.side(way))

    def side(self, way: Way) -> str:
        """The side on which a way past other rows has room at both ends: left, right, or neither."""
        ends = [self.rows[self.ranks[key]] for key in (way.sources[0], way.to)]
        keys = (way.sources[0], way.to)
        back = self._step(*keys) < 0
        left = all(row[0] == key for row, key in zip(ends, keys, strict=True))
        right = all(row[-1] == key for row, key in zip(ends, keys, strict=True))
        if self._step(*keys) == 0:
            return ""
        return (
            ("left" if left else "right" if right else "") if back else ("right" if right else "left" if left else "")
        )

    def staying(self, key: str) -> tuple[Transition, ...]:
        """What is done in a stage without leaving it."""
        ways = self.version.transitions.values()
        return tuple(t for t in ways if key in t.sources and not self.is_anywhere(t) and t.to in ("", key))

    def told(self, key: str) -> tuple[Transition, ...]:
        """Ways on that have no room to be drawn, and are told inside the stage they leave."""
        drawn = {way.transition.name for way in (*self.down, *self.lanes) if key in way.sources}
        return tuple(t for t in self._flowing if key in t.sources and t.to != key and t.name not in drawn)

    def outs(self) -> Iterator[tuple[str, tuple[Transition, ...]]]:
        """The ends beside the flow, each with its ways in."""
        for key in self.order:
            if self.version.stages[key].ends and key not in self.ranks:
                yield key, self._into(key)

    @cached_property
    def anywhere(self) -> tuple[Transition, ...]:
        """What can be done in every stage, and ways from so many stages that lines would say less than words."""
        return tuple(
            t
            for t in self.version.transitions.values()
            if t.to not in self._outside and (self.is_anywhere(t) or t in self._many)
        )

    def is_anywhere(self, transition: Transition) -> bool:
        return len(transition.sources) == len(self.version.stages)

    def among(self, sources: tuple[str, ...]) -> str:
        """The numbers of some stages, runs of them shortened: 1-3, 6."""
        numbers = sorted(self.numbers[source] for source in sources)
        runs: list[list[int]] = []
        for number in numbers:
            if runs and runs[-1][-1] == number - 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}\u2013{run[-1]}" for run in runs)

    # -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _outside(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.outs())

    @cached_property
    def _many(self) -> tuple[Transition, ...]:
        """Transitions into the flow from more than two stages that are not in the row above."""
        inside = [t for t in self.version.transitions.values() if t.to in self.ranks]
        return tuple(t for t in inside if sum(self._is_far(source, t.to) for source in t.sources) > 2)

    @cached_property
    def _flowing(self) -> tuple[Transition, ...]:
        inside = [t for t in self.version.transitions.values() if t.to in self.ranks]
        return tuple(t for t in inside if not self.is_anywhere(t) and t not in self._many)

    @cached_property
    def _far(self) -> tuple[Way, ...]:
        return tuple(
            Way(transition=t, sources=(source,), to=t.to)
            for t in self._flowing
            for source in t.sources
            if self._is_far(source, t.to)
        )

    def _is_drawn(self, source: str, transition: Transition) -> bool:
        return (transition.name, source) not in self.in_words

    def _is_near(self, source: str, transition: Transition) -> bool:
        return self._step(source, transition.to) == 1 and self._is_drawn(source, transition)

    def _is_far(self, source: str, to: str) -> bool:
        return source in self.ranks and source != to and self._step(source, to) != 1

    def _step(self, source: str, to: str) -> int:
        return self.ranks[to] - self.ranks[source] if source in self.ranks else 0

    def _before(self, key: str) -> set[str]:
        """The stages that come earlier in the file and lead here."""
        earlier = self.order[: self.order.index(key)]
        return {source for t in self._into(key) if not self.is_anywhere(t) for source in t.sources if source in earlier}

    def _into(self, key: str) -> tuple[Transition, ...]:
        return tuple(t for t in self.version.transitions.values() if t.to == key)
