"""A browser at the interface: it keeps cookies, sends its session's token, and says where it comes from."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

V1 = "/api/v1"
PASSWORD = "heron on a quiet canal"


@dataclass(slots=True)
class Browser:
    """One browser. Secure cookies are kept by hand, because the tests speak to loopback without TLS."""

    client: httpx.Client
    jar: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self.send("POST", path, {} if body is None else body, **headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, **headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        whole = path if path.startswith(("/api", "/sign-in")) else V1 + path
        sent = dict(self.headers)
        if body is not None:
            sent["Content-Type"] = "application/json"
        if self.csrf and method != "GET":
            sent["X-CSRF-Token"] = self.csrf
        if self.jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        content = None if body is None else json.dumps(body).encode()
        self.client.cookies.clear()
        told = self.client.request(method, whole, content=content, headers=sent | headers)
        self._keep(told)
        return told

    def sign_in(self, person: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        return self.post("/sessions", {"person": person, "password": password}, **headers)

    @property
    def secret(self) -> str:
        return self.jar.get("__Host-theca", "")

    def like(self, **change: Any) -> "Browser":
        """Another browser that holds the same cookies and token."""
        return Browser(**{"client": self.client, "jar": dict(self.jar), "csrf": self.csrf} | change)

    def _keep(self, told: httpx.Response) -> None:
        for line in told.headers.get_list("set-cookie"):
            pair, *rest = line.split(";")
            name, _, value = pair.partition("=")
            if any(part.strip().lower() == "max-age=0" for part in rest):
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        if told.is_success and told.content and told.headers["content-type"] == "application/json":
            said = told.json()
            session = said.get("session") if isinstance(said, dict) else None
            if isinstance(session, dict):
                self.csrf = session["csrf"]
