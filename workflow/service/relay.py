"""After a restore: letting letters go again, and deciding on those nobody can say of whether they had left."""

from collections.abc import Sequence
from enum import StrEnum

from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE, of_site
from workflow.domain.errors import ImpossibleNowError, NotFoundError
from workflow.domain.policy import Verb
from workflow.service.look import where
from workflow.store import chains, restorations
from workflow.store.restorations import Held, Resumed
from workflow.store.session import Store
from workflow.store.staff import Person


class Word(StrEnum):
    """What a person says of a message that waits for them."""

    RELEASE = "release"
    DROP = "drop"


def resume(store: Store) -> Resumed:
    """Let letters go again, on the machine. Raises ImpossibleNowError where none is paused or the sweep is behind."""
    with store.transaction() as connection:
        at = restorations.paused(connection)
        if at is None:
            raise ImpossibleNowError("the relay is not paused")
        if late := restorations.unfired(connection, at):
            raise ImpossibleNowError(
                f"{late} reminders that were due before the restore have not been looked at",
                allowed="theca sweep first: what they tell may have been told already",
            )
        found = restorations.resume(connection, at)
        about = {"sent": found.sent, "held": found.held}
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="resume_relay", about=about)
    return found


def held(store: Store, person: Person, *, site: str) -> list[Held]:
    """What waits for a person at a site. Raises NotFoundError, NotPermittedError."""
    where(person, Verb.RELEASE_BACKLOG, site)
    with store.transaction([site]) as connection:
        return restorations.held(connection, site)


def decide(store: Store, person: Person, *, site: str, keys: Sequence[str], word: Word) -> int:
    """Release or drop messages that wait for a person, by key, or all of them (no key); answers how many.

    Raises NotFoundError for a key that does not wait, NotPermittedError.
    """
    where(person, Verb.RELEASE_BACKLOG, site)
    with store.transaction([site]) as connection:
        waiting = restorations.held(connection, site)
        unknown = sorted(set(keys) - {one.key for one in waiting})
        if unknown:
            raise NotFoundError(f"nothing waits as {', '.join(unknown)}", place="key", allowed="theca relay review")
        chosen = [(one.episode, one.key) for one in waiting if not keys or one.key in keys]
        if word is Word.RELEASE:
            count = restorations.release(connection, site, chosen)
        else:
            count = restorations.drop(connection, site, chosen, by=person.id)
        if chosen:
            about = {"messages": [f"{episode} {key}" for episode, key in chosen]}
            chains.append(connection, of_site(site), actor=person.id, verb=f"{word}_held", about=about)
    return count
