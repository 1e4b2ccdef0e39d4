"""Before somebody signs they show anew that it is they: a password, a fresh sign-in, or a series that one opened.

What is signed is asked first (`to_sign`), and named by its digest when signing. A token alone never signs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from workflow.domain.policy import Verb, permits, refusal
from workflow.domain.signature import Confirmed, Matter, Signing
from workflow.domain.situation import Situation
from workflow.service import look
from workflow.service.act import Desk
from workflow.service.sign_in import NotConfirmedError, confirm, confirm_session
from workflow.store import series
from workflow.store.series import Series
from workflow.store.session import Store
from workflow.store.staff import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs, and in which session or with which token they are here; `session` is None for a token."""

    person: Person
    held_by: str = field(repr=False)
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a signer sends along: the digest of what they were shown, and a password or a series; or neither."""

    digest: str
    password: str | None = field(default=None, repr=False)
    series: str | None = field(default=None, repr=False)


def confirmed(store: Store, signer: Signer, proof: Proof | None) -> Signing | None:
    """The signature somebody has shown to be theirs; None where they sent none. Signs nothing itself.

    Raises NotPermittedError for somebody who signs nowhere, NotConfirmedError, and what the brakes raise.
    """
    if proof is None:
        return None
    _require_signer(signer.person)
    how, id_ = _shown(store, signer, proof)
    return Signing(printed=signer.person.name, digest=proof.digest, confirmed=how, series=id_)


def open_series(store: Store, signer: Signer, *, password: str | None) -> Series:
    """Open a series: its first signing and the later ones are one sitting. Raises what `confirmed` raises."""
    _require_signer(signer.person)
    _confirm(store, signer, password)
    with store.transaction() as connection:
        return series.start(connection, staff=signer.person.id, held_by=signer.held_by)


def end_series(store: Store, person: Person) -> int:
    """The sitting is over; answers how many series ended."""
    with store.transaction() as connection:
        return series.end(connection, staff=person.id)


def to_sign(desk: Desk, person: Person, episode: str, shown: Callable[[Situation], Matter | None]) -> Matter | None:
    """What would be signed, as it stands now; that somebody looked is noted.

    Raises NotFoundError, NotPermittedError.
    """
    return shown(look.one(desk, person, episode, page="to sign").situation)


def _shown(store: Store, signer: Signer, proof: Proof) -> tuple[Confirmed, str | None]:
    if proof.series is None:
        return _confirm(store, signer, proof.password), None
    with store.transaction() as connection:
        found = series.use(connection, proof.series, staff=signer.person.id, held_by=signer.held_by)
    if found is None:
        raise NotConfirmedError("this signing series is over, or is not yours", allowed="POST /api/v1/signing-series")
    return Confirmed.IN_SERIES, found


def _confirm(store: Store, signer: Signer, password: str | None) -> Confirmed:
    if password is not None:
        confirm(store, signer.person, password=password)
        return Confirmed.WITH_PASSWORD
    if signer.session is None:
        raise NotConfirmedError("a token alone does not sign", place="signature", allowed="your password with it")
    confirm_session(store, signer.person, signer.session)
    return Confirmed.BY_SIGN_IN


def _require_signer(person: Person) -> None:
    if not any(permits(person.at(site), Verb.SIGN) for site in person.sites):
        raise refusal(Verb.SIGN)
