"""One invented candidate: what people do next is drawn by chance, what comes of it is the kernel's answer.

Several threads of life run beside each other on one clock: the work of the stay, each duty, each single task, a leave.
A thread is a generator that yields when it wants to go on.
"""

import heapq
from collections.abc import Callable, Generator, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeAlias

from workflow.authoring.simulate.chance import Pace, one_of
from workflow.authoring.simulate.clinic import Clinic
from workflow.authoring.walk.deed import Deed, Enrol, Step
from workflow.authoring.walk.deeds import reading_of
from workflow.authoring.walk.rehearsal import Rehearsal
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.errors import TroubleError
from workflow.domain.observation import Reading
from workflow.domain.policy import Verb
from workflow.domain.task import Task
from workflow.domain.view import View

Thread: TypeAlias = Generator[datetime, None, None]
Answered: TypeAlias = Generator[datetime, None, Decision]
Opened = Callable[["Candidate", Task], Thread | None]
Entered = Callable[["Candidate"], Thread]


class Candidate:
    """One candidate on the way: an episode, its threads, and what was recorded when."""

    def __init__(self, clinic: Clinic, chance: Random, *, arrives: datetime, heard: Callable[[Decision], None]) -> None:
        self.clinic = clinic
        self.chance = chance
        self.steps: list[Step] | None = None  # kept only where somebody asks for the walk
        self.trouble: list[str] = []
        self.known: dict[str, tuple[datetime, int]] = {}  # when each item was last recorded, and in which trial
        self.drawn: dict[str, str] = {}  # what stays true of this person
        self.shown: dict[int, Mapping[str, tuple[str, str]]] = {}  # what each trial was drawn to show
        self.treating = False  # a trial is being carried out just now
        youngest, oldest = clinic.cohort.ages
        self.born_on = date(arrives.year - chance.randint(youngest, oldest), 1, 1)
        self._rehearsal = Rehearsal(
            clinic.version,
            clinic.cohort.crew,
            now=arrives,
            heard=heard,
            born_on=self.born_on,
            settings=clinic.cohort.settings,
        )
        self._threads: list[tuple[datetime, int, Thread]] = []
        self._count = 0
        self._opened: Opened = lambda _self, _task: None
        self._entered: Entered | None = None

    # -- the clock

    @property
    def now(self) -> datetime:
        return self._rehearsal.now

    @property
    def episode(self) -> Episode:
        return self._rehearsal.episode

    def live(self, until: datetime, *, entered: Entered, opened: Opened) -> None:
        """Walk from the referral to the end, or as far as one gets by `until`."""
        self._opened, self._entered = opened, entered
        self.do(self.clinic.cohort.crew.holding(Role.COORDINATOR)[0], Enrol())
        while self._threads and self.episode.closed_at is None:
            at, _, thread = heapq.heappop(self._threads)
            if at > until:
                break
            self._rehearsal.until(at)
            self._go_on(thread)
        for _, _, thread in self._threads:
            thread.close()
        self._threads.clear()
        if self.episode.closed_at is None:
            self._rehearsal.until(until)

    def start(self, thread: Thread) -> None:
        """Let one more thread run, from now."""
        self._go_on(thread)

    def after(self, pace: Pace) -> datetime:
        """When work that is there now will have been done."""
        return self._later(pace.draw(self.chance), pace.time)

    def at_work(self, minutes: int = 0) -> datetime:
        """So many open minutes of the site from now."""
        return self._later(minutes, TimeKind.WORKING)

    def soon(self, minutes: int) -> datetime:
        """So many minutes from now, day and night."""
        return self.now + timedelta(minutes=minutes)

    # -- people

    def do(self, by: str, deed: Deed) -> Decision:
        """Ask the kernel, and let whatever that opens begin."""
        if self.steps is not None:
            self.steps.append(Step(at=self.now, by=by, deed=deed))
        decision = self._rehearsal.ask(by, deed.verb, deed.decide)
        for key, task in decision.entry.put.get("tasks", {}).items():
            if key not in decision.before.tasks:
                assert isinstance(task, Task)
                thread = self._opened(self, task)
                if thread is not None:
                    self.start(thread)
        if decision.after.stint != decision.before.stint and self._entered is not None:
            self.start(self._entered(self))
        return decision

    def view(self) -> View:
        """What can be known now."""
        crew = self.clinic.cohort.crew
        return self._rehearsal.situation(next(iter(crew.people.values()))).view(self.now)

    def somebody(self, *roles: Role, but: str = "") -> str | None:
        """Anybody in the first of these roles that anybody else holds."""
        holding = self.clinic.cohort.crew.holding
        for role in roles:
            if able := [name for name in holding(role) if name != but]:
                return one_of(self.chance, able)
        return None

    def able(self, verb: Verb) -> str:
        """Somebody who may use a verb."""
        return self.clinic.able[verb][0]

    def reading(self, item: str, value: str, at: datetime) -> Reading:
        """A value of an item as seen at a time."""
        return reading_of(self.clinic.version, item, value, observed_at=at)

    # ---------------------------------------------------------------------------------------------------------------

    def _go_on(self, thread: Thread) -> None:
        try:
            at = next(thread)
        except StopIteration:
            return
        except TroubleError as trouble:  # nobody can do this here: the thread ends, and the tally says so
            self.trouble.append(f"{trouble.code}: {trouble.detail}")
            return
        self._count += 1
        heapq.heappush(self._threads, (at, self._count, thread))

    def _later(self, minutes: int, time: TimeKind) -> datetime:
        return self.clinic.cohort.crew.calendar.later(self.now, minutes, time)
