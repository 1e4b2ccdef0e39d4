"""The interface describes itself whole: every operation says what it does, what it answers, and shows an example."""

from typing import Any

from caller import V1, Api

from api.document import TITLE
from workflow.domain.policy import Verb

OWN = ("200", "201", "202", "204")
THRESHOLD = {"/sessions", "/sessions/pin", "/sessions/oidc", "/passwords", "/tablets"}  # nobody is known there yet


def _described(api: Api) -> dict[str, Any]:
    return api("admin-1").get("/openapi.json").json()


def _schema(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_the_description_needs_a_token_and_there_is_no_page_from_outside(api: Api):
    for path in (f"{V1}/openapi.json", "/openapi.json", "/docs", "/redoc", f"{V1}/docs"):
        assert api.client.get(path).status_code in (401, 404)
    assert _described(api)["info"]["title"] == TITLE


def test_every_operation_is_described_whole(api: Api):
    described = _described(api)
    operations = [
        (f"{method} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 30
    for name, operation in operations:
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation.get("x-verb", "open") in {*Verb, "open"}, name
        for parameter in operation.get("parameters", ()):
            shown = parameter.get("examples") or parameter["schema"].get("examples")
            assert parameter["description"], (name, parameter["name"])
            assert shown or parameter["name"] == "if-match", (name, parameter["name"])
        if "/api/v1" in name or "metrics" in name:
            known = None if name.removeprefix(f"post {V1}") in THRESHOLD else [{"HTTPBearer": []}, {"Session": []}]
            assert operation.get("security") == known, name
            assert {"401", "403", "404", "422", "503"} <= set(operation["responses"]), name


def test_every_body_and_answer_shows_an_example(api: Api):
    described = _described(api)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {})
            answers = [each.get("content", {}) for each in operation["responses"].values()]
            for kind, content in [pair for each in (body, *answers) for pair in each.items()]:
                if kind.startswith("text/"):
                    continue
                schema = _schema(described, content["schema"])
                schema = _schema(described, schema.get("items", schema))
                assert schema.get("examples"), (method, path, kind)
            for status, answer in operation["responses"].items():
                kinds = set(answer.get("content", {}))
                if status not in OWN:
                    assert kinds == {"application/problem+json"}, (method, path, status)


def test_every_schema_is_closed_and_has_an_example(api: Api):
    for name, schema in _described(api)["components"]["schemas"].items():
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False, name
            assert schema["examples"], name
            assert schema["description"], name


def test_the_surface_is_the_agreed_one(api: Api):
    found = {
        f"{method.upper()} {path.removeprefix(V1)}"
        for path, ways in _described(api)["paths"].items()
        for method in ways
    }
    assert found == {
        "GET /healthz", "GET /readyz", "GET /metrics", "GET /me", "GET /sites", "GET /staff", "GET /calendars",
        "GET /protocols", "GET /protocols/{key}/versions/{n}", "GET /messages", "GET /tasks",
        "POST /tasks/{id}/complete", "POST /tasks/{id}/acknowledge", "POST /tasks/{id}/claim",
        "POST /tasks/{id}/reassign", "POST /tasks/{id}/snooze", "POST /tasks/{id}/wait",
        "GET /episodes", "POST /episodes", "GET /episodes/{id}", "GET /episodes/{id}/options",
        "GET /episodes/{id}/why", "GET /episodes/{id}/ledger", "POST /episodes/{id}/transitions",
        "POST /episodes/{id}/observations", "POST /observations/{id}/corrections",
        "POST /episodes/{id}/trials/{n}/administrations", "POST /episodes/{id}/appointments",
        "POST /appointments/{id}/reschedule", "POST /appointments/{id}/cancel", "POST /appointments/{id}/attend",
        "POST /appointments/{id}/miss", "POST /episodes/{id}/hold", "POST /episodes/{id}/release",
        "POST /episodes/{id}/overrides", "POST /episodes/{id}/deviations", "POST /episodes/{id}/adopt",
        "GET /sites/{id}/backlog", "POST /sites/{id}/backlog/release", "GET /outages", "GET /sites/{id}/huddle",
        "POST /tasks/{id}/contacts", "GET /sites/{id}/roster", "POST /sites/{id}/absences",
        "DELETE /sites/{id}/absences", "POST /sites/{id}/deputies", "DELETE /sites/{id}/deputies",
        "POST /sites/{id}/on-call", "DELETE /sites/{id}/on-call",
        "POST /sessions", "GET /sessions", "POST /sessions/pin", "POST /sessions/oidc", "POST /sessions/end",
        "POST /sessions/current/alive", "POST /sessions/current/confirm", "POST /sessions/current/oidc",
        "POST /sessions/current/end", "POST /sessions/{id}/end", "POST /me/password", "POST /me/pin",
        "POST /passwords", "POST /tablets", "GET /sites/{id}/tablets", "POST /sites/{id}/tablets",
        "POST /sites/{id}/tablets/{tablet}/revoke",
        "GET /staff/{id}", "POST /staff", "POST /staff/{id}/roles", "POST /staff/{id}/end", "POST /staff/{id}/tokens",
        "DELETE /staff/{id}/tokens", "POST /sites/{id}/settings", "POST /sites/{id}/closures",
        "DELETE /sites/{id}/closures",
        "POST /episodes/{id}/signing", "POST /signing-series", "POST /signing-series/end",
    }  # fmt: skip
