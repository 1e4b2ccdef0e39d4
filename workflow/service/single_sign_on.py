"""Single sign-on with OpenID Connect: authorization code with PKCE, state and nonce; the provider's word on who it is.

    begin ► the browser goes to the provider ► it comes back with a code ► token, checked ► who is linked ► roles

A subject that nobody linked is nobody here, and a group that is not in the mapping gives nothing. The provider is
the one address outside that signing in asks.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from sqlalchemy import Connection

from workflow.domain.actor import Role
from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE
from workflow.domain.errors import ImpossibleInputError
from workflow.service.sign_in import NotConfirmedError, Opened, SignInRefusedError, Whence, continued, welcome
from workflow.settings import Settings
from workflow.store import chains, credentials, sign_ons
from workflow.store.session import Store, UnavailableError
from workflow.store.sessions import Session
from workflow.store.sign_ons import Begun

CAME_BACK = "/sign-in/came-back"
ALGORITHMS = ("RS256", "PS256", "ES256")
_WITHIN = 5.0  # seconds, for each request to the provider
_LEEWAY = 60  # seconds, between our clock and the provider's
_LATEST = 10**11  # seconds since 1970; what is beyond is no time
_LONGEST = 1_000_000  # bytes of an answer
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who may tell us who somebody is, and what their groups stand for here."""

    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    claim: str = "groups"
    groups: Mapping[str, tuple[tuple[str, Role], ...]] = field(default_factory=dict)
    back_to: str  # where the browser comes back to


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: str


def provider_of(now: Settings) -> Provider | None:
    """The provider that settings name, if they do. Raises ImpossibleInputError naming the setting."""
    if not now.oidc_issuer:
        return None
    _check_url(now.oidc_issuer, "OIDC_ISSUER")
    if not now.oidc_client_id:
        raise ImpossibleInputError("the provider needs to know who asks", place="OIDC_CLIENT_ID")
    if not now.theca_public_url:
        raise ImpossibleInputError("the browser must find back", place="THECA_PUBLIC_URL", allowed="our own address")
    secret = _text(now.oidc_secret_file, "OIDC_SECRET_FILE").strip() if now.oidc_secret_file else None
    groups = _text(now.oidc_groups_file, "OIDC_GROUPS_FILE") if now.oidc_groups_file else "{}"
    return Provider(
        issuer=now.oidc_issuer,
        client_id=now.oidc_client_id,
        secret=secret,
        claim=now.oidc_groups_claim,
        groups=mapping(groups),
        back_to=now.theca_public_url.rstrip("/") + CAME_BACK,
    )


def mapping(written: str) -> dict[str, tuple[tuple[str, Role], ...]]:
    """Which group gives which roles: {"group": [{"site": "north", "role": "nurse"}]}. Raises ImpossibleInputError."""
    allowed = '{"group": [{"site": "north", "role": "nurse"}]}'
    try:
        found = json.loads(written)
        return {
            str(group): tuple((str(one["site"]), Role(one["role"])) for one in given) for group, given in found.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ImpossibleInputError("this is no mapping of groups", place="OIDC_GROUPS_FILE", allowed=allowed) from None


def start(store: Store, provider: Provider, session: Session | None = None) -> tuple[str, str]:
    """Where to send the browser, and what it is to keep until it is back. With a session: to confirm that one.

    Raises UnavailableError where the provider does not answer as it should.
    """
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    begun = Begun(
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        session=session.id if session else None,
        began=0,
    )
    again = {"prompt": "login", "max_age": "0"} if session else {}
    with _client(provider) as client:
        known = _discovered(client, provider)
        location, _ = client.create_authorization_url(
            known.authorize, state=state, nonce=begun.nonce, code_verifier=begun.verifier, **again
        )
    with store.transaction() as connection:
        sign_ons.start(connection, begun, state=state, browser=browser)
    return str(location), browser


def come_back(store: Store, provider: Provider, *, state: str, code: str, browser: str, whence: Whence) -> Opened:
    """Begin a session, or confirm one, for whom the provider's answer names.

    Raises SignInRefusedError, saying nothing of why; NotConfirmedError where it is another person's session;
    UnavailableError where the provider does not answer.
    """
    with store.transaction() as connection:
        begun = sign_ons.take(connection, state=state, browser=browser)
    if begun is None:
        raise SignInRefusedError
    claims = _claims(provider, begun, code)
    if begun.session is not None and not _signed_in_again(claims, begun):
        raise NotConfirmedError("the provider did not ask you again")
    with store.transaction() as connection:
        person = credentials.linked(connection, issuer=provider.issuer, subject=str(claims["sub"]))
        if person is None:
            raise SignInRefusedError
        if begun.session is not None:
            return continued(connection, person, begun.session, how="oidc")
        _take_roles(connection, provider, person, claims)
        return welcome(connection, person, how="oidc", whence=whence, proven=_proven(claims))


def link(store: Store, *, issuer: str, subject: str, person: str) -> None:
    """Say who a person is for a provider, on the machine. Raises ImpossibleInputError."""
    with store.transaction() as connection:
        if credentials.name_of(connection, person) is None:
            raise ImpossibleInputError(f"nobody is called {person!r}", place="person")
        if not subject or len(subject) > 255 or not subject.isascii():
            raise ImpossibleInputError("no subject", place="subject", allowed="1 to 255 ASCII characters")
        credentials.link(connection, issuer=issuer, subject=subject, person=person)
        about = {"person": person, "issuer": issuer}
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="link", about=about)


def _take_roles(connection: Connection, provider: Provider, person: str, claims: Claims) -> None:
    told = claims.get(provider.claim)
    named = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    held = sorted({pair for name in named if isinstance(name, str) for pair in provider.groups.get(name, ())})
    sign_ons.take_groups(connection, person, json.dumps(held))
    about = {"person": person, "roles": [f"{role} at {site}" for site, role in held]}
    chains.append(connection, PEOPLE, actor="system:single-sign-on", verb="take_groups", about=about)


def _claims(provider: Provider, begun: Begun, code: str) -> Claims:
    """What the provider says of whoever came back with this code, once it is proven. Raises SignInRefusedError."""
    try:
        with _client(provider) as client:
            known = _discovered(client, provider)
            token = client.fetch_token(known.token, code=code, code_verifier=begun.verifier)
            keys = KeySet.import_key_set(cast("KeySetSerialization", _got(client, known.keys)))
        read = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(read.claims, read.header, _wanted(provider), _fitting(provider, begun, token))
        claims.validate(leeway=_LEEWAY)
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as wrong:
        raise SignInRefusedError from wrong
    except httpx2.HTTPError as lost:
        raise UnavailableError("the provider does not answer", allowed="try again") from lost
    return dict(claims)


def _wanted(provider: Provider) -> dict[str, object]:
    return {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "nonce": {"essential": True},
    }


def _fitting(provider: Provider, begun: Begun, token: Mapping[str, object]) -> dict[str, object]:
    return {"nonce": begun.nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}


def _signed_in_again(claims: Claims, begun: Begun) -> bool:
    """Whether the provider asked the person again after we sent them there."""
    at = claims.get("auth_time")
    return isinstance(at, int | float) and at >= begun.began - _LEEWAY


def _proven(claims: Claims) -> float:
    """When the provider last asked who it is, in seconds since 1970; 0 where it does not say.

    A provider lets somebody in who signed in with it this morning: that opens a session, and signs nothing.
    """
    at = claims.get("auth_time")
    return float(at) if isinstance(at, int | float) and 0 <= at <= _LATEST else 0.0


def _client(provider: Provider) -> OAuth2Client:
    return OAuth2Client(
        client_id=provider.client_id,
        client_secret=provider.secret,
        redirect_uri=provider.back_to,
        scope="openid profile",
        code_challenge_method="S256",
        timeout=_WITHIN,
        trust_env=False,
        follow_redirects=False,
    )


def _discovered(client: OAuth2Client, provider: Provider) -> Known:
    """The provider's description of itself. Raises UnavailableError where it is another's, or leads elsewhere."""
    try:
        told = _got(client, provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        _same(told, provider.issuer)
        known = Known(
            authorize=str(told["authorization_endpoint"]),
            token=str(told["token_endpoint"]),
            keys=str(told["jwks_uri"]),
        )
        for url in (known.authorize, known.token, known.keys):
            _check_url(url, "OIDC_ISSUER")
    except (ValueError, KeyError, TypeError, ImpossibleInputError, httpx2.HTTPError) as wrong:
        raise UnavailableError("the provider does not answer as it should", allowed="try again") from wrong
    return known


def _same(told: Claims, issuer: str) -> None:
    if told["issuer"] != issuer:
        raise ValueError


def _got(client: OAuth2Client, url: str) -> dict[str, object]:
    answer = client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    found = json.loads(answer.content) if len(answer.content) <= _LONGEST else None
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - what was sent is wrong, not our type
    return found


def _check_url(url: str, place: str) -> None:
    """Refuse an address without TLS, unless it is this machine's own."""
    told = urlsplit(url)
    local = told.scheme == "http" and told.hostname in _LOOPBACK
    if not told.hostname or not (told.scheme == "https" or local):
        raise ImpossibleInputError("this is no address of a provider", place=place, allowed="https://...")


def _text(path: Path, place: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ImpossibleInputError("this file cannot be read", place=place) from None
