"""What a request brings to the door: its address, its cookies, and whether a page of another site made it.

The session's cookie is `__Host-theca`: Secure, HttpOnly, SameSite=Lax, for this host alone. Where a browser speaks to
this machine's own loopback without TLS, and only there, THECA_COOKIE=plain lets it be `theca`, without Secure.
"""

import re
import secrets
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.refused import CsrfError
from workflow.domain.errors import ImpossibleInputError
from workflow.service.sign_in import Opened, Whence
from workflow.settings import Settings
from workflow.store.sessions import LONGEST_HOURS, Session

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CSRF_HEADER = "X-CSRF-Token"
SESSION, BROWSER, TABLET, SSO = "", "-browser", "-tablet", "-sso"
_YEAR = 365 * 86_400
_SECRET = re.compile(r"^[A-Za-z0-9_-]{43}\Z", re.ASCII)
_LOOPBACK = re.compile(r"^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?\Z", re.ASCII | re.IGNORECASE)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How this installation is reached: under which origin, through which proxies, and whether plain on loopback."""

    plain: bool = False
    origin: str = ""
    proxies: tuple[Network, ...] = field(default=())


def entrance_of(now: Settings) -> Entrance:
    """The entrance as settings say. Raises ImpossibleInputError naming the setting."""
    address = urlsplit(now.theca_public_url)
    origin = f"{address.scheme}://{address.netloc}".lower() if address.netloc else ""
    return Entrance(plain=now.theca_cookie == "plain", origin=origin, proxies=_networks(now.theca_trusted_proxies))


def whence(request: Request) -> Whence:
    """Where a request came from, and what its browser keeps for us. What cannot be ours counts as nothing."""
    return Whence(
        address=source(request),
        browser=kept(request, BROWSER),
        tablet=kept(request, TABLET),
        session=kept(request, SESSION),
    )


def kept(request: Request, kind: str) -> str | None:
    """What a browser keeps for us under one of our names, if it can be ours."""
    value = request.cookies.get(_name(request, kind), "")
    return value if _SECRET.match(value) else None


def source(request: Request) -> str:
    """The address a request came from, IPv6 by its /64: whose neighbours are one household.

    X-Forwarded-For is believed only from the proxies that settings name, and only as far back as those reach.
    """
    here = _address(request.client.host if request.client else "")
    told = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    while told and here is not None and any(here in network for network in _entrance(request).proxies):
        before = _address(told.pop())
        if before is None:
            break
        here = before
    if isinstance(here, IPv6Address):
        return str(ip_network((here, 64), strict=False))
    return str(here or "nowhere")


def check_origin(request: Request) -> None:
    """Refuse what a browser says a page of another site made. Raises CsrfError.

    Browsers say so with every unsafe request; what is no browser says nothing, and cannot be ridden by a page.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise CsrfError
    if origin is not None and not _own(request, origin):
        raise CsrfError


def check_token(request: Request, session: Session) -> None:
    """Refuse an unsafe request that a cookie vouches for, without the token of its session. Raises CsrfError."""
    if request.method not in UNSAFE:
        return
    check_origin(request)
    sent = request.headers.get(CSRF_HEADER, "")
    if not secrets.compare_digest(sent.encode("utf-8", "replace"), session.csrf.encode()):
        raise CsrfError


def keep(request: Request, response: Response, opened: Opened) -> None:
    """Let the browser keep its session, and what it will be known by."""
    put(request, response, SESSION, opened.secret, seconds=LONGEST_HOURS * 3600)
    if opened.browser:
        put(request, response, BROWSER, opened.browser, seconds=_YEAR)


def put(request: Request, response: Response, kind: str, value: str, *, seconds: int = _YEAR) -> None:
    """Let the browser keep something of ours; for 0 seconds, forget it."""
    response.set_cookie(
        _name(request, kind),
        value,
        max_age=seconds,
        path="/",
        secure=not _plainly(request),
        httponly=True,
        samesite="lax",
    )


def _name(request: Request, kind: str) -> str:
    return f"theca{kind}" if _plainly(request) else f"__Host-theca{kind}"


def _plainly(request: Request) -> bool:
    """Whether a browser on this very machine speaks to us without TLS, and settings let it."""
    if not _entrance(request).plain or request.url.scheme != "http":
        return False
    if any(name in request.headers for name in _FORWARDED):
        return False
    here = _address(request.client.host if request.client else "")
    return here is not None and here.is_loopback and bool(_LOOPBACK.match(request.headers.get("host", "")))


def _own(request: Request, origin: str) -> bool:
    """Whether an origin is this installation's: the one settings name, or the host that was asked.

    Where settings name one with TLS, no page without TLS is ours, whatever its host.
    """
    host, told, named = request.headers.get("host", "").lower(), origin.lower(), _entrance(request).origin
    if told == named:
        return True
    schemes = ("https",) if named.startswith("https:") else ("https", "http")
    return bool(host) and told in {f"{scheme}://{host}" for scheme in schemes}


def _entrance(request: Request) -> Entrance:
    found: Entrance = request.app.state.entrance
    return found


def _address(told: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(told.strip("[]"))
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _networks(told: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip(), strict=False) for one in told.split(",") if one.strip())
    except ValueError:
        raise ImpossibleInputError(
            "this is no network", place="THECA_TRUSTED_PROXIES", allowed="like 10.0.0.5 or 10.0.0.0/24, with commas"
        ) from None
