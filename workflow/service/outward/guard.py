"""Where a webhook may lead: to one strictly read https address, and only to hosts that the whole world can reach.

The host's addresses are looked up once, every one of them must be public, and the connection goes to one of those
that were checked: what the name says a moment later does not matter.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import cast

from workflow.domain.errors import ImpossibleInputError

Resolve = Callable[[str, int], Sequence[str]]

# No name and password, no fragment, no backslash; a host and a path in plain ASCII.
_URL = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?([/?](?:(?![#\\])[!-~])*)?", re.ASCII
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_LONGEST = 2000
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
ALLOWED = "https://host.example/path, port 443 or above 1023, no name or password, a host on the public internet"


class ForbiddenUrlError(ImpossibleInputError):
    """A webhook may not lead there."""

    code = "forbidden_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place a webhook leads to, read strictly."""

    secure: bool
    host: str
    port: int
    path: str


def read(url: str, *, allow_loopback: bool = False) -> Target:
    """Where a URL leads. Raises ForbiddenUrlError for all that is not plainly a public https address.

    `allow_loopback` lets http and this very machine through as well, for trying things out.
    """
    found = _URL.fullmatch(url) if len(url) <= _LONGEST else None
    if found is None:
        raise ForbiddenUrlError("this cannot be read as the URL of a webhook", place="url", allowed=ALLOWED)
    scheme, host, port, path = found.groups()
    target = Target(
        secure=scheme == "https",
        host=host.strip("[]").lower(),
        port=int(port) if port else {"https": 443, "http": 80}[scheme],
        path=path if path and path.startswith("/") else f"/{path or ''}",
    )
    _check(target, allow_loopback=allow_loopback)
    return target


def reachable(target: Target, resolve: Resolve, *, allow_loopback: bool = False) -> Sequence[str]:
    """The checked addresses of a target. Raises ForbiddenUrlError where one is not public, OSError for none."""
    found = [ip_address(text) for text in resolve(target.host, target.port)]
    if not found:
        raise OSError("the name has no address")
    here = allow_loopback and all(one.is_loopback for one in found)
    if not here and not (target.secure and all(public(one) for one in found)):
        raise ForbiddenUrlError("this leads to where a webhook may not go", place="url", allowed=ALLOWED)
    return [str(one) for one in found]


def resolved(host: str, port: int) -> Sequence[str]:
    """Every address a name has now, as the system looks it up."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(cast("str", line[4][0]) for line in found))


def public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the whole world can reach an address; one that carries another inside is judged by that."""
    if isinstance(address, IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return public(inside)
        if address not in _UNICAST:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_private)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, 6to4 or NAT64 address stands for."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _check(target: Target, *, allow_loopback: bool) -> None:
    literal = _literal(target.host)
    labels = target.host.split(".")
    named = len(labels) > 1 and all(_LABEL.fullmatch(each) for each in labels) and labels[-1] != "localhost"
    here = literal.is_loopback if literal else target.host == "localhost"
    good_host = public(literal) if literal else named
    good_port = target.port == 443 or 1023 < target.port < 65536
    if not good_port or not ((good_host and target.secure) or (allow_loopback and here)):
        raise ForbiddenUrlError("a webhook may not lead there", place="url", allowed=ALLOWED)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is written as, None for a name. A number that is no plain address is refused."""
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        raise ForbiddenUrlError("this is no plain address of a host", place="url", allowed=ALLOWED) from None
