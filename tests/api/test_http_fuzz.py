"""Nobody's input makes a failure of ours: every POST and every list, fed with what its description says, spoilt."""

import json
import os
from pathlib import Path
from typing import Any

from caller import Api, ago
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attack.described import bodies, places, spoilt
from workflow.authoring import read
from workflow.service.audit import audit
from workflow.store.session import Store

EXAMPLES = int(os.environ.get("THECA_FUZZ", "80"))  # more of them by hand: THECA_FUZZ=5000
TELLING = [
    "", " ", "0", "-0", "7", "north", "south", "nrs", "inr", "morphine", "asleep", "bolus", "infusion", "catheter",
    "yes", "none", "implant", "puncture", "record_death", "withdraw", "hold", "visit", "mg", "{score}", "x" * 501,
    "1960-02-29", "9999-12-31", "2026-11-22", "2026-11-22T10:00:00Z", "1900-01-01T00:00:00+14:00",
    "2200-12-31T23:59:59-14:00", "2026-03-29T02:30:00+01:00", "\u202e", "\x00", "\ud800", "\U0001f600", "e\u0301",
    "'; --", "%", "../..", "null", "opioid_trial@1", "opioid_trial@0", "catheter_in", "case_review", "catheter_trial",
]  # fmt: skip
QUERIED = ["stage", "site", "q", "late", "assignee", "cursor", "limit", "mine", "role", "state", "recipient", "x"]
_DECLARED = read((Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml").read_text())
NAMES = sorted(
    {*_DECLARED.transitions, *_DECLARED.stages, *_DECLARED.gates, *_DECLARED.items, *_DECLARED.tasks, *_DECLARED.acts}
)
LEAVES = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(TELLING),
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-1, 12),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(float),
    st.text(max_size=8),
    st.datetimes().map(lambda at: at.isoformat() + "+00:00"),
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize="THECA_FUZZ" not in os.environ,
)


def _ours(api: Api, stage: str = "") -> dict[str, str]:
    """An episode with something of everything in it, and the paths that lead to its parts."""
    episode = api.accepted()
    if stage:
        told = api("coordinator-1").post(f"/episodes/{episode}/adopt", ADOPTIONS[stage])
        assert told.status_code == 200, told.text
    made = api("nurse-1").record(episode, ago(days=3), {"nrs": 8}).json()["made"][0]
    visit = {"kind": "visit", "starts_at": ago(days=2)}
    appointment = api("scheduler-1").post(f"/episodes/{episode}/appointments", visit).json()["made"][0]
    task = api("lead-1").get(f"/episodes/{episode}").json()["tasks"][0]["id"]
    return {"/episodes/": episode, "/observations/": made, "/appointments/": appointment, "/tasks/": task}


def _inside() -> dict[str, Any]:
    prior = {"method": "catheter", "drug": "morphine", "started_at": ago(days=5), "punctured_at": ago(days=4)}
    duty = {"name": "catheter_in", "since": ago(days=4)}
    return {"trials": [prior | {"source": "theatre log"}], "duties": [duty], "occurred_at": ago(days=5)}


ADOPTIONS: dict[str, dict[str, Any]] = {
    "catheter_trial": {"stage": "catheter_trial", "reason": "the paper board", **_inside()},
    "implant_planning": {"stage": "implant_planning", "reason": "the paper board"},
}


def test_no_body_is_a_failure_of_ours(api: Api, verify_store: Store):
    described = bodies(api("admin-1").get("/openapi.json").json())
    pool = {stage: _ours(api, stage) for stage in ("", *ADOPTIONS)}

    @RELAXED
    @given(data=st.data())
    def spoil(data: st.DataObject) -> None:
        path, stage = data.draw(st.sampled_from(sorted(described))), data.draw(st.sampled_from(sorted(pool)))
        body = described[path]
        for _ in range(data.draw(st.integers(0, 2))):
            body = spoilt(body, data.draw(st.sampled_from(places(body))), data.draw(ANYTHING))
        person = data.draw(st.sampled_from(["clinician-1", "clinician-2", "coordinator-1", "lead-1", "nurse-1"]))
        shown = api(person).get(f"/episodes/{pool[stage]['/episodes/']}")
        if shown.json().get("closed_at"):
            pool[stage] = _ours(api, stage)
        id_ = next((value for begun, value in pool[stage].items() if path.startswith(begun)), "")
        key = data.draw(st.sampled_from(["", "", "one", "two"]))
        sent = json.dumps(body).encode()
        told = api(person).post(path.format(id=id_, n=1, tablet="x"), sent, key=key, seen=shown.headers["etag"])
        assert told.status_code < 500, (path, body, told.text)
        if told.status_code >= 300:
            assert told.headers["content-type"] == "application/problem+json"
            assert told.json()["code"]
        for page in ("", "/options", "/why", "/ledger"):
            assert api("lead-1").get(f"/episodes/{pool[stage]['/episodes/']}{page}").status_code == 200

    spoil()
    assert audit(verify_store).flaws == ()


def test_no_query_is_a_failure_of_ours(api: Api):
    _ours(api)
    names = st.sampled_from(QUERIED)

    @RELAXED
    @given(
        path=st.sampled_from(["/episodes", "/tasks", "/messages", "/protocols/opioid_trial/versions/1"]),
        query=st.dictionaries(names, LEAVES.map(str) | st.sampled_from(TELLING), max_size=3),
    )
    def ask(path: str, query: dict[str, str]) -> None:
        safe = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        assert api("lead-1").get(path, **safe).status_code < 500, (path, safe)

    ask()


def test_no_bytes_are_a_failure_of_ours(api: Api):
    path = f"/episodes/{_ours(api)['/episodes/']}/observations"

    @RELAXED
    @given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def send(raw: bytes) -> None:
        assert api("nurse-1").post(path, raw).status_code in (415, 422)

    send()
