"""What signs checkpoints: an Ed25519 key in a file that only the notary can read, and its public half for everybody.

A signature line is a C2SP signed note's: the ledger's name, and base64 of four bytes of the key's id and 64 of the
signature.
"""

import base64
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from workflow.domain.note import Note, Signed
from workflow.store.vault import KeyFileError

_ED25519 = b"\x01"
_ID = 4


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key, and the name of the ledger it signs."""

    origin: str
    key: Ed25519PublicKey = field(repr=False)

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.origin.encode() + b"\n" + _ED25519 + self._raw).digest()[:_ID]

    @property
    def written(self) -> str:
        """The key on one line, as notes announce it: name, id, and the key itself."""
        return f"{self.origin}+{self.id.hex()}+{base64.b64encode(_ED25519 + self._raw).decode()}"

    def signed(self, note: Signed) -> bool:
        """Whether one of a note's signatures is by this key."""
        return any(self._by(line, note.text) for line in note.signatures)

    def _by(self, line: str, text: str) -> bool:
        name, _, encoded = line.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
            self.key.verify(given[_ID:], text.encode())
        except (ValueError, InvalidSignature):
            return False
        return name == self.origin and given[:_ID] == self.id

    @property
    def _raw(self) -> bytes:
        return self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class Signer:
    """The private key of a ledger."""

    origin: str
    _key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.origin, self._key.public_key())

    def sign(self, note: Note) -> Signed:
        """The note with its signature."""
        return self.sign_text(note.text)

    def sign_text(self, text: str) -> Signed:
        """The text of a note with its signature."""
        made = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return Signed(text, (f"{self.origin} {made}",))


def create(path: Path, origin: str) -> Verifier:
    """Write a new key, readable by its owner only, and its public half beside it as .pub. Raises FileExistsError."""
    made = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    _write(public_of(path), made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), mode=0o644)
    return Verifier(origin, made.public_key())


def public_of(path: Path) -> Path:
    """Where the public half of a key is."""
    return path.with_name(path.name + ".pub")


def signer(path: Path, origin: str) -> Signer:
    """The key in a file. Raises KeyFileError naming the file."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as wrong:
        raise KeyFileError(f"{path} does not hold a signing key", allowed="one made with: theca ledger key") from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} does not hold an Ed25519 key", allowed="one made with: theca ledger key")
    return Signer(origin, key)


def verifier(path: Path, origin: str) -> Verifier:
    """The public key in a file. Raises KeyFileError naming the file."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise KeyFileError(f"{path} does not hold a public key", allowed="a .pub file in PEM") from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} does not hold an Ed25519 key", allowed="a .pub file in PEM")
    return Verifier(origin, key)


def announced(written: str) -> Verifier:
    """A key from the line that announced it. Raises ValueError."""
    origin, _, encoded = written.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if raw[:1] != _ED25519:
        raise ValueError("a key of another kind")
    found = Verifier(origin, Ed25519PublicKey.from_public_bytes(raw[1:]))
    if found.written != written:
        raise ValueError("a key that is not the one it says")
    return found


def by_any(known: Iterable[Verifier], note: Signed) -> bool:
    """Whether a note is signed by one of these."""
    return any(one.signed(note) for one in known)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
