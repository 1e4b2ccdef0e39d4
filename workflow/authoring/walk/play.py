"""A walk is played: the clock runs from step to step, the kernel answers, and what was expected is held against it."""

from dataclasses import dataclass, field

from workflow.authoring.finding import Finding
from workflow.authoring.walk.deed import Enrol, Step
from workflow.authoring.walk.expect import unmet
from workflow.authoring.walk.happening import Happening, happening, impossible
from workflow.authoring.walk.read import Turn, Walk
from workflow.authoring.walk.rehearsal import Rehearsal
from workflow.authoring.walk.words import asked
from workflow.domain.actor import Role
from workflow.domain.decision import Decision, Entry
from workflow.domain.episode import Episode
from workflow.domain.errors import TroubleError
from workflow.domain.policy import Verb, permits
from workflow.domain.protocol import ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that happened in a walk, what was not as expected, and where the candidate stands at the end."""

    walk: Walk
    version: ProtocolVersion
    happenings: tuple[Happening, ...]
    unmet: tuple[Finding, ...]
    entries: tuple[Entry, ...]
    episode: Episode


def play(walk: Walk, version: ProtocolVersion) -> Account:
    """Enrol a candidate at the walk's start and take its steps, one after the other, to the end."""
    played = _Played(walk=walk, version=version)
    played.turn(Turn(path="starts", at=walk.starts, steps=(Step(at=walk.starts, by=_enroller(walk), deed=Enrol()),)))
    for turn in walk.turns:
        played.turn(turn)
    return Account(
        walk=walk,
        version=version,
        happenings=tuple(played.happenings),
        unmet=tuple(played.unmet),
        entries=tuple(played.entries),
        episode=played.rehearsal.episode,
    )


@dataclass(slots=True, kw_only=True)
class _Played:
    """A walk while it is played."""

    walk: Walk
    version: ProtocolVersion
    rehearsal: Rehearsal = field(init=False)
    happenings: list[Happening] = field(default_factory=list)
    unmet: list[Finding] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    _asked: str = ""
    _path: str = ""

    def __post_init__(self) -> None:
        self.rehearsal = Rehearsal(
            self.version,
            self.walk.crew,
            now=self.walk.starts,
            heard=self._heard,
            born_on=self.walk.born_on,
            settings=self.walk.settings,
        )

    def turn(self, turn: Turn) -> None:
        """Let the clock run to a turn, do what is done then, and see whether it came as expected."""
        since = len(self.happenings)
        self.rehearsal.until(turn.at)
        for step in turn.steps:
            self._do(step, turn.path)
        found = unmet(turn, self.happenings[since:], self.rehearsal.episode, self.walk.where)
        self.unmet += found

    def _do(self, step: Step, path: str) -> None:
        self._asked, self._path = asked(step.deed, self.version), path
        try:
            self.rehearsal.ask(step.by, step.deed.verb, step.deed.decide)
        except TroubleError as trouble:
            stage, verb = self.rehearsal.episode.stage, str(step.deed.verb)
            told = impossible(
                trouble, at=self.rehearsal.now, by=step.by, verb=verb, asked=self._asked, stage=stage, path=path
            )
            self.happenings.append(told)

    def _heard(self, decision: Decision) -> None:
        roles = {name: tuple(sorted(actor.roles)) for name, actor in self.walk.crew.people.items()}
        by_person = decision.entry.actor in roles
        path, said = (self._path, self._asked) if by_person else ("", "")
        self.entries.append(decision.entry)
        self.happenings.append(happening(decision, self.version, roles, asked=said, path=path))


def _enroller(walk: Walk) -> str:
    """A coordinator, or the first person whom the policy lets enrol; reading the walk made sure there is one."""
    able = [name for name, actor in walk.crew.people.items() if permits(actor, Verb.ENROL)]
    return next((name for name in walk.crew.holding(Role.COORDINATOR)), able[0])
