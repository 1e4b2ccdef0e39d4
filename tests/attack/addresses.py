"""Addresses where no webhook may lead: written out, and written in every way an inner address can be written."""

from collections.abc import Iterator
from ipaddress import IPv4Address

FORBIDDEN = [
    "https://127.0.0.1/x", "https://127.1/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://[::]/x",
    "https://[::ffff:169.254.169.254]/x", "https://169.254.169.254/latest/meta-data", "https://0.0.0.0/x",
    "https://2130706433/x", "https://0x7f000001/x", "https://0x7f.0.0.1/x", "https://0177.0.0.1/x", "https://017700000001/",
    "https://10.0.0.1/x", "https://172.16.0.1/x", "https://192.168.1.1/x", "https://100.64.0.1/x", "https://224.0.0.1/x",
    "https://255.255.255.255/x", "https://240.0.0.1/x", "https://198.18.0.1/x", "https://192.0.2.1/x",
    "https://[fe80::1]/x", "https://[fc00::1]/x", "https://[fec0::1]/x", "https://[ff02::1]/x", "https://[2001:db8::1]/x",
    "https://[64:ff9b::7f00:1]/x", "https://[64:ff9b::a01:203]/x", "https://[2002:7f00:1::]/x", "https://[2002:a01:203::]/x",
    "https://[::7f00:1]/x", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/x", "https://[fe80::1%25eth0]/x",
    "https://localhost/x", "https://LOCALHOST/x", "https://a.localhost/x", "https://localhost./x", "https://intranet/x",
    "https://user@host.example/x", "https://user:pass@host.example/x", "https://host.example@127.0.0.1/x",
    "https://host.example\\@127.0.0.1/x", "https://host.example#@127.0.0.1/x", "https://127.0.0.1\\.host.example/x",
    "gopher://host.example/x", "file:///etc/passwd", "ftp://host.example/", "http://host.example/x", "javascript:1",
    "https:host.example", "//host.example/x", "https://", "https:///x", "", "x", "https://host.example:22/x",
    "https://host.example:80/x", "https://host.example:0/x", "https://host.example:99999/x", "https://host.example:/x",
    "https://host..example/x", "https://-host.example/x", "https://host.example/a b", "https://host.example/\r\nX: y",
    "https://host.example/\n", " https://host.example/", "https://h\u00f6st.example/", "https://\uff11\uff12\uff17.0.0.1/",
    "https://host.example/\u0130", "https://127。0。0。1/", "https://%31%32%37.0.0.1/", "https://1.1.1.1.1/", "https://1.1.1/",
    "https://host.example/" + "x" * 3000, "https://" + "a" * 64 + ".example/",
]  # fmt: skip

# This machine, the house's own networks, and where clouds keep their secrets.
INNER = ("127.0.0.1", "10.1.2.3", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1")


def disguised() -> Iterator[str]:
    """Every inner address in every form that some program somewhere reads as an address."""
    for text in INNER:
        for host in _forms(IPv4Address(text)):
            yield f"https://{host}/x"
            yield f"https://{host}:8443/x"
        yield from _beside(text)


def _forms(address: IPv4Address) -> Iterator[str]:
    a, b, c, d = address.packed
    number = int(address)
    yield from (str(address), f"{address}.", str(number), hex(number), oct(number).replace("o", ""), f"0{number:o}")
    yield from (f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:#x}.{b}.0{c:o}.{d}")
    yield from (f"{a}.{b}.{c * 256 + d}", f"{a}.{(b << 16) + (c << 8) + d}", f"{a:03}.{b:03}.{c:03}.{d:03}")
    yield from (f"{a + 256}.{b}.{c}.{d}", "".join(chr(ord(mark) + 0xFEE0) for mark in str(address)))
    yield from (f"[::ffff:{address}]", f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]", f"[0:0:0:0:0:ffff:{address}]")
    yield from (f"[::{address}]", f"[64:ff9b::{address}]", f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::]")
    yield from (f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1%25eth0]", f"[::ffff:0:{address}]")


def _beside(text: str) -> Iterator[str]:
    """A harmless name beside the address, for a reader that takes the wrong half."""
    harmless = "host.example"
    yield from (f"https://{harmless}@{text}/", f"https://{text}@{harmless}/", f"https://{harmless}:x@{text}/")
    yield from (f"https://{harmless}#@{text}/", f"https://{harmless}\\@{text}/", f"https://{text}\\@{harmless}/")
    yield from (f"https://{text}%2f.{harmless}/", f"https://{text}%00.{harmless}/", f"https://{harmless}/\n{text}")
    yield from (
        f"http://{text}/",
        f"HTTPS://{text}/",
        f"https:/{text}/",
        f"https:{text}",
        f"//{text}/",
        f"\thttps://{text}/",
    )
    yield from (f"gopher://{text}/", f"file://{text}/etc/passwd", f"ftp://{text}/", f"https+unix://{text}/")
