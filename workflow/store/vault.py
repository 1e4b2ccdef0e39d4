"""The vault: identities and ledger payloads sealed under one key per candidate, each wrapped by the key file.

AES-256-GCM throughout; the associated data binds every ciphertext to its place. Blind indexes are HMAC-SHA256
under a key derived from the same file. Destroying a candidate's wrapped key destroys what it sealed.
"""

import base64
import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workflow.domain.errors import TroubleError

_NONCE = 12
_KEY = 32
_SHORTEST_PREFIX = 3
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class KeyFileError(TroubleError):
    """The key file is missing or is not 32 bytes in base64."""

    code = "key_file"


@dataclass(frozen=True, slots=True)
class CandidateKey:
    """One candidate's data key, unwrapped for the length of a call."""

    _aead: AESGCM = field(repr=False)

    def seal(self, data: bytes, *, place: str) -> bytes:
        """Seal bytes to a place; the same place must be named to open them."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The bytes again. Raises cryptography's InvalidTag where they were changed or moved."""
        return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())


class Vault:
    """Opens candidates' keys with the key file, and answers blind look-ups."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY:
            raise KeyFileError
        self._wrap = AESGCM(_derive(secret, b"theca wrap"))
        self._index = _derive(secret, b"theca index")
        self._own = CandidateKey(AESGCM(_derive(secret, b"theca own")))
        self._signing = _derive(secret, b"theca signing")

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The vault of a key file. Raises KeyFileError naming the file."""
        try:
            return cls(base64.b64decode(path.read_text().strip(), validate=True))
        except (OSError, ValueError) as wrong:
            raise KeyFileError(f"{path} does not hold a key", allowed="32 random bytes in base64") from wrong

    def new_key(self, candidate: str) -> tuple[CandidateKey, bytes]:
        """A fresh data key for a candidate, and its wrapped form to keep."""
        raw, nonce = AESGCM.generate_key(_KEY * 8), os.urandom(_NONCE)
        return CandidateKey(AESGCM(raw)), nonce + self._wrap.encrypt(nonce, raw, candidate.encode())

    def rewrapped(self, old: "Vault", candidate: str, wrapped: bytes) -> bytes:
        """A candidate's data key, wrapped by this key file instead of an old one. Raises InvalidTag, as `key` does."""
        nonce = os.urandom(_NONCE)
        return nonce + self._wrap.encrypt(nonce, old._raw(candidate, wrapped), candidate.encode())  # noqa: SLF001 - another of us

    def key(self, candidate: str, wrapped: bytes) -> CandidateKey:
        """A candidate's data key again. Raises InvalidTag where it was wrapped for somebody else."""
        return CandidateKey(AESGCM(self._raw(candidate, wrapped)))

    def seal(self, data: bytes, *, place: str) -> bytes:
        """Seal what belongs to no candidate, to a place."""
        return self._own.seal(data, place=place)

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The bytes again. Raises InvalidTag where they were changed or moved."""
        return self._own.open(sealed, place=place)

    def signing_key(self, purpose: str) -> bytes:
        """What signatures of one purpose are made with; those of another are made with another."""
        return _derive(self._signing, purpose.encode())

    def alias(self, *parts: str) -> str:
        """What something of ours is called outside: always the same, and not to be guessed without the key file."""
        return self._blind("|".join(("outside", *parts))).hex()

    def mrn_index(self, site: str, mrn: str) -> bytes:
        """What a record number is found by: case, spaces and form of letters do not matter."""
        folded = "".join(unicodedata.normalize("NFKC", mrn).casefold().split())
        return self._blind(f"mrn|{site}|{folded}")

    def name_indexes(self, site: str, *names: str) -> set[bytes]:
        """What a name is found by: each folded word, and its beginnings from three letters."""
        words = {word for name in names for word in _fold(name).split()}
        begun = {word[:length] for word in words for length in range(_SHORTEST_PREFIX, len(word) + 1)} | words
        return {self._blind(f"name|{site}|{part}") for part in begun}

    def name_query(self, site: str, query: str) -> list[bytes]:
        """What to look for: one index per word asked for."""
        return [self._blind(f"name|{site}|{word}") for word in _fold(query).split()]

    def _raw(self, candidate: str, wrapped: bytes) -> bytes:
        return self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], candidate.encode())

    def _blind(self, text: str) -> bytes:
        return hmac.new(self._index, text.encode(), sha256).digest()


def create_key_file(path: Path) -> None:
    """Write a new key file, readable by its owner only. Raises FileExistsError: a key is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY)) + b"\n")


def new_code() -> str:
    """A short code that stands for a candidate outside the app; it says nothing about them."""
    return "C-" + "".join(secrets.choice(_CODE_LETTERS) for _ in range(6))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=purpose).derive(secret)


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
