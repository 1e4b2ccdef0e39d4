"""A single sign-on provider on loopback, with real RS256 keys: it can be told to lie in every way that matters."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "theca-test", "not a secret of anybody"


@dataclass(slots=True)
class Provider:
    """Who signs in next, what is said of them, and every request that was made."""

    key: RSAKey
    subject: str = "f81d4fae"
    groups: list[str] = field(default_factory=list)
    lie: dict[str, Any] = field(default_factory=dict)  # claims said otherwise; None: left out
    header: dict[str, Any] = field(default_factory=dict)
    signed_by: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""

    def authorize(self, location: str) -> str:
        """What the provider sends back along with the browser: the person agreed."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.asked.append(("authorize", query))
        code = _url(hashlib.sha256(location.encode()).digest())
        self.codes[code] = query
        return code

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        } | self.metadata

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for whoever proves to have begun it."""
        self.asked.append(("token", form))
        begun = self.codes.pop(form.get("code", ""), None)
        told = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = _url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if begun is None or told != f"{CLIENT}:{SECRET}" or form.get("redirect_uri") != begun["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if begun["code_challenge_method"] != "S256" or challenge != begun["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(begun)}

    def id_token(self, begun: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": begun["nonce"],
            "groups": self.groups,
        } | self.lie
        said = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid} | self.header
        if header["alg"] in ("none", "HS256"):
            # Our public key taken for a shared secret, as somebody does who has read of that mistake.
            whole = ".".join(_url(json.dumps(each).encode()) for each in (header, said))
            mac = hmac.digest(self.key.as_pem(private=False), whole.encode(), "sha256")
            return f"{whole}.{_url(mac) if header['alg'] == 'HS256' else ''}"
        return jwt.encode(header, said, self.signed_by or self.key, algorithms=[header["alg"]])


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider that answers on a free port of loopback while this block runs."""
    made = Provider(key=RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, auto_kid=False))

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, {}))
            keys = {"keys": [made.key.as_dict(private=False)]}
            self._answer(200, keys if self.path == "/keys" else made.described())

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            self._answer(*made.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)
