"""What is sent to each route so that whoever may is heard: real ids, whole bodies, and what must be there before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from caller import PASSWORD, Api, ago, ahead, referral

from workflow.domain.policy import Verb, who_may

_numbers = count(1)
_OVERRIDE = {"gate": "prepared", "reason": "assessment_waived_by_panel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site with something of everything, and the people through whom things are made ready there."""

    site: str
    episode: str
    task: str
    observation: str
    appointment: str
    lead: str
    nurse: str
    admin: str
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request, but for who sends it."""

    path: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Recipe = Callable[[Place, str], Sent]  # the place, and who is meant where somebody is named


def of_place(api: Api, site: str, *, people: int) -> Place:
    """Something of everything at a site: an adopted candidate with a running trial, work, a visit, a value."""
    episode = api.enrol(by=f"coordinator-{people}", site=site, days=40)
    prior = {"method": "catheter", "drug": "morphine", "started_at": ago(days=5), "punctured_at": ago(days=4)}
    adopted = {
        "stage": "catheter_trial",
        "reason": "the paper board",
        "trials": [prior | {"source": "theatre log"}],
        "duties": [{"name": "catheter_in", "since": ago(days=4)}],
        "occurred_at": ago(days=5),
    }
    told = api(f"coordinator-{people}").post(f"/episodes/{episode}/adopt", adopted)
    assert told.status_code == 200, told.text
    seen = api(f"nurse-{people}").record(episode, ago(days=3), {"nrs": 8})
    visit = {"kind": "visit", "starts_at": ago(days=2)}
    booked = api(f"scheduler-{people}").post(f"/episodes/{episode}/appointments", visit)
    tasks = api(f"lead-{people}").get(f"/episodes/{episode}").json()["tasks"]
    return Place(
        site=site,
        episode=episode,
        task=next(task["id"] for task in tasks if not task["duty"]),
        observation=seen.json()["made"][0],
        appointment=booked.json()["made"][0],
        lead=f"lead-{people}",
        nurse=f"nurse-{people}",
        admin=f"admin-{people}",
        program=f"service-{people}",
    )


def _of_episode(body: Any = None, **headers: str) -> Recipe:
    return lambda place, _: Sent(path={"id": place.episode}, body=body, headers=headers)


def _of_task(body: Any) -> Recipe:
    return lambda place, _: Sent(path={"id": place.task}, body=body)


def _of_visit(body: Any) -> Recipe:
    return lambda place, _: Sent(path={"id": place.appointment}, body=body)


def _of_site(body: Any = None, **query: object) -> Recipe:
    return lambda place, _: Sent(path={"id": place.site}, body=body, query=query)


def _list(**path: object) -> Recipe:
    return lambda _place, _: Sent(path=path)


def _nothing() -> Recipe:
    return lambda place, _: Sent(path={"id": place.episode}, body={})


def _proven() -> Recipe:
    return lambda _place, _: Sent(body={"password": PASSWORD})


def _stretch(_place: Place, who: str) -> dict[str, object]:
    at = 2 * next(_numbers)
    return {"person": who, "starts_at": ahead(days=at), "ends_at": ahead(days=at + 1)}


def _entry(place: Place, who: str) -> Sent:
    return Sent(path={"id": place.site}, body=_stretch(place, who or place.nurse))


def _entered(place: Place, who: str) -> Sent:
    entry = _stretch(place, who or place.nurse)
    return Sent(path={"id": place.site}, query={name: entry[name] for name in ("person", "starts_at")})


def _deputy(place: Place, _who: str) -> Sent:
    return Sent(path={"id": place.site}, body={"person": place.nurse, "deputy": place.lead})


def _no_deputy(place: Place, _who: str) -> Sent:
    return Sent(path={"id": place.site}, query={"person": place.nurse, "deputy": place.lead})


def _new_person(place: Place, _who: str) -> Sent:
    number = next(_numbers)
    body = {"id": f"new-{number}", "name": f"New {number}", "site": place.site, "role": "scheduler"}
    return Sent(body=body)


def _role(place: Place, who: str) -> Sent:
    return Sent(path={"id": who or place.nurse}, body={"site": place.site, "role": "scheduler"})


def _end(place: Place, who: str) -> Sent:
    return Sent(path={"id": who or place.nurse}, body={"site": place.site, "role": "scheduler"})


def _token(place: Place, _who: str) -> Sent:
    return Sent(path={"id": place.program}, body={"site": place.site, "label": f"t{next(_numbers)}", "days": 1})


def _tokens(place: Place, _who: str) -> Sent:
    return Sent(path={"id": place.program}, query={"site": place.site, "label": f"t{next(_numbers)}"})


def _hand_over(place: Place, _who: str) -> Sent:
    """To one after the other, so that nobody is given what they have."""
    to = sorted(who_may(Verb.REASSIGN))[next(_numbers) % len(who_may(Verb.REASSIGN))]
    return Sent(path={"id": place.task}, body={"to": f"{to}-{place.lead[-1]}"})


_MORNING = {"until": ahead(hours=1)}
_WHY = {"reason": "because it is so"}
DOSE = {"drug": "morphine", "mode": "infusion", "ordered": 0.2, "given": 0.2, "unit": "mg"}

RECIPES: Mapping[str, Recipe] = {
    "GET /healthz": _list(),
    "GET /readyz": _list(),
    "GET /metrics": _list(),
    "GET /openapi.json": _list(),
    "GET /me": _list(),
    "GET /sites": _list(),
    "GET /staff": _list(),
    "GET /calendars": _list(),
    "GET /protocols": _list(),
    "GET /protocols/{key}/versions/{n}": _list(key="opioid_trial", n=1),
    "GET /messages": _list(),
    "GET /tasks": _list(),
    "GET /episodes": _list(),
    "GET /outages": _list(),
    "POST /episodes": lambda place, _: Sent(body=referral(site=place.site)),
    "GET /episodes/{id}": _of_episode(),
    "GET /episodes/{id}/options": _of_episode(),
    "GET /episodes/{id}/why": _of_episode(),
    "GET /episodes/{id}/ledger": _of_episode(),
    "POST /episodes/{id}/transitions": _of_episode({"name": "withdraw"}, **{"If-Match": '"1"'}),
    "POST /episodes/{id}/observations": _of_episode(
        [{"item": "nrs", "observed_at": ago(hours=2), "value": 5, "unit": "{score}"}]
    ),
    "POST /observations/{id}/corrections": lambda place, _: Sent(
        path={"id": place.observation}, body={"value": 7, "unit": "{score}", "reason": "typed wrongly"}
    ),
    "POST /episodes/{id}/trials/{n}/administrations": lambda place, _: Sent(
        path={"id": place.episode, "n": 1}, body=DOSE
    ),
    "POST /episodes/{id}/appointments": _of_episode({"kind": "visit", "starts_at": ahead(days=3)}),
    "POST /appointments/{id}/reschedule": _of_visit({"starts_at": ahead(days=4)}),
    "POST /appointments/{id}/cancel": _of_visit(_WHY),
    "POST /appointments/{id}/attend": _of_visit(_WHY),
    "POST /appointments/{id}/miss": _of_visit(_WHY),
    "POST /episodes/{id}/hold": _of_episode({"reason": "waiting_for_payer"}),
    "POST /episodes/{id}/release": _of_episode(_WHY),
    "POST /episodes/{id}/overrides": _of_episode(_OVERRIDE),
    "POST /episodes/{id}/deviations": _of_episode(
        {"act": "catheter_removal", "reason": "it came out by itself", "occurred_at": ago(hours=1)}
    ),
    "POST /episodes/{id}/signing": _of_episode({"override": _OVERRIDE}),
    "POST /signing-series": _proven(),
    "POST /signing-series/end": _nothing(),
    "POST /episodes/{id}/adopt": _of_episode({"stage": "case_review", "reason": "the paper board"}),
    "POST /tasks/{id}/complete": _of_task({}),
    "POST /tasks/{id}/acknowledge": _of_task(_MORNING),
    "POST /tasks/{id}/claim": _of_task({}),
    "POST /tasks/{id}/reassign": _hand_over,
    "POST /tasks/{id}/snooze": _of_task(_MORNING | _WHY),
    "POST /tasks/{id}/wait": _of_task(_MORNING | _WHY | {"on": "cardiology"}),
    "POST /tasks/{id}/contacts": _of_task({"how": "phone", "reached": False}),
    "GET /sites/{id}/backlog": _of_site(),
    "POST /sites/{id}/backlog/release": _of_site({}),
    "GET /sites/{id}/huddle": _of_site(),
    "GET /sites/{id}/roster": _of_site(),
    "POST /sites/{id}/absences": _entry,
    "DELETE /sites/{id}/absences": _entered,
    "POST /sites/{id}/deputies": _deputy,
    "DELETE /sites/{id}/deputies": _no_deputy,
    "POST /sites/{id}/on-call": _entry,
    "DELETE /sites/{id}/on-call": _entered,
    "GET /staff/{id}": lambda place, _: Sent(path={"id": place.nurse}),
    "POST /staff": _new_person,
    "POST /staff/{id}/roles": _role,
    "POST /staff/{id}/end": _end,
    "POST /staff/{id}/tokens": _token,
    "DELETE /staff/{id}/tokens": _tokens,
    "GET /sites/{id}/tablets": _of_site(),
    "POST /sites/{id}/tablets": _of_site({"label": "ward 3"}),
    "POST /sites/{id}/tablets/{tablet}/revoke": lambda place, _: Sent(
        path={"id": place.site, "tablet": "none"}, body={}
    ),
    "GET /sessions": _list(),
    "POST /sessions/current/alive": _nothing(),
    "POST /sessions/current/confirm": _nothing(),
    "POST /sessions/current/oidc": _nothing(),
    "POST /sessions/current/end": _nothing(),
    "POST /sessions/end": _nothing(),
    "POST /sessions/{id}/end": _nothing(),
    "POST /me/password": _nothing(),
    "POST /me/pin": _nothing(),
    "POST /sites/{id}/settings": _of_site({"urgent_per_hour": 20}),
    "POST /sites/{id}/closures": _of_site({"day": "2031-03-03", "label": "a fair"}),
    "DELETE /sites/{id}/closures": _of_site(day="2031-03-03"),
}


def before(name: str, api: Api, place: Place, sent: Sent) -> Sent:
    """What must be there already, so that whoever may take it away finds it; answers what is sent then."""
    lead, admin = api(place.lead), api(place.admin)
    match name:
        case "DELETE /sites/{id}/absences" | "DELETE /sites/{id}/on-call":
            ends = datetime.fromisoformat(str(sent.query["starts_at"])) + timedelta(hours=1)
            body = {**sent.query, "ends_at": ends.isoformat()}
            told = lead.post(f"/sites/{place.site}/{name.rpartition('/')[2]}", body)
        case "DELETE /sites/{id}/deputies":
            told = lead.post(f"/sites/{place.site}/deputies", dict(sent.query))
        case "DELETE /sites/{id}/closures":
            told = admin.post(f"/sites/{place.site}/closures", {"day": sent.query["day"], "label": "a fair"})
        case "POST /staff/{id}/end":
            told = admin.post(f"/staff/{sent.path['id']}/roles", sent.body)
        case "DELETE /staff/{id}/tokens":
            told = admin.post(f"/staff/{place.program}/tokens", {**sent.query, "days": 1})
        case "POST /sites/{id}/tablets/{tablet}/revoke":
            told = admin.post(f"/sites/{place.site}/tablets", {"label": "ward 4"})
            sent = replace(sent, path={"id": place.site, "tablet": told.json()["id"]})
        case "POST /episodes/{id}/overrides":
            return replace(sent, body=lead.signed(place.episode, override=sent.body))
        case "POST /episodes/{id}/deviations":
            return replace(sent, body=lead.signed(place.episode, deviation=sent.body))
        case _:
            return sent
    assert told.status_code == 201, (name, told.text)
    return sent
