"""What routes are handed: the desk, the person, and how a command was headed."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from pydantic import AfterValidator

from api.auth import own_session, session_if_any, signed_in
from api.ids import episode_of, thing_of
from api.lately import Lately
from api.refused import NoVersionError
from api.schemas.asked import SignatureIn
from workflow.domain.errors import ImpossibleInputError
from workflow.service.act import Asked, Desk
from workflow.service.signing import Proof, Signer
from workflow.store.episodes import Command
from workflow.store.sessions import Session
from workflow.store.staff import Person

_KEY = re.compile(r"^[!-~]{1,200}\Z", re.ASCII)
_ETAG = re.compile(r'^"(0|[1-9][0-9]{0,8})"$', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Who asks, under which idempotency key, having seen which version; and the fingerprint of what they sent."""

    person: Person
    key: str | None
    version: int | None
    body: str

    def on(self, episode: str) -> Asked:
        """This, asked of one episode."""
        return Asked(person=self.person, episode=episode, key=self.key, body=self.body, version=self.version)

    def having_seen(self) -> "Heading":
        """The same, refused where it does not say which version was seen. Raises NoVersionError."""
        if self.version is None:
            raise NoVersionError(place="If-Match", allowed="the ETag of the episode")
        return self

    @property
    def command(self) -> Command | None:
        return Command(actor=self.person.id, key=self.key, body=self.body) if self.key else None


def the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def heading(
    request: Request,
    person: Annotated[Person, Depends(signed_in)],
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 200 visible ASCII characters of your choice. The same key with the same body is"
            " answered again and not done again; kept 30 days.",
            examples=["3f0c1d9e-advance-1"],
        ),
    ] = None,
    if_match: Annotated[
        str | None,
        Header(description="The ETag of the episode as you saw it; refused as stale (412) where it has changed."),
    ] = None,
) -> Heading:
    """How a command was headed. Raises ImpossibleInputError for a header that cannot be read."""
    if idempotency_key is not None and not _KEY.match(idempotency_key):
        raise ImpossibleInputError(
            "this key cannot be read", place="Idempotency-Key", allowed="1 to 200 visible ASCII characters"
        )
    seen = _ETAG.match(if_match) if if_match is not None else None
    if if_match is not None and seen is None:
        raise ImpossibleInputError("this version cannot be read", place="If-Match", allowed='like "3"')
    return Heading(
        person=person,
        key=idempotency_key,
        version=int(seen.group(1)) if seen else None,
        body=request.state.fingerprint,
    )


def _signer(
    request: Request,
    person: Annotated[Person, Depends(signed_in)],
    session: Annotated[Session | None, Depends(session_if_any)],
) -> Signer:
    """Who would sign here, and in what they are signed in: a session, or a token."""
    if session is not None:
        return Signer(person=person, held_by=f"session:{session.id}", session=session.id)
    token = request.headers.get("authorization", "").partition(" ")[2]
    return Signer(person=person, held_by=f"token:{token}")


def proof(said: SignatureIn | None) -> Proof | None:
    """How a signature shows whose it is; None where nothing was signed."""
    return None if said is None else Proof(digest=said.digest, password=said.password, series=said.series)


def _thing(text: str) -> str:
    thing_of(text)
    return text


def _lately(request: Request) -> Lately:
    kept: Lately = request.app.state.lately
    return kept


TheDesk = Annotated[Desk, Depends(the_desk)]
TheLately = Annotated[Lately, Depends(_lately)]
Me = Annotated[Person, Depends(signed_in)]
MySession = Annotated[Session, Depends(own_session)]
AnySession = Annotated[Session | None, Depends(session_if_any)]
Headed = Annotated[Heading, Depends(heading)]
TheSigner = Annotated[Signer, Depends(_signer)]
EpisodeId = Annotated[
    str,
    Path(alias="id", description="An episode's id.", examples=["6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11"]),
    AfterValidator(episode_of),
]
ThingId = Annotated[
    str,
    Path(
        alias="id",
        description="The id of a thing inside an episode: `{episode}~{key}`.",
        examples=["6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11~1"],
    ),
    AfterValidator(_thing),
]
