"""One responder by single shot, from the referral to a planned implant, as clinic staff would do it over HTTP."""

from itertools import pairwise

from caller import REFERRAL, Api, ago

SCREENING = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "opioid_reduction_attempted": "yes",
    "capacity_confirmed": "yes",
    "other_implants_checked": "yes",
    "goal_agreed": "walk to the shop",
}
WORKUP = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "permanent_contraindication": "no",
    "spinal_imaging_clear": "yes",
    "platelets": 250,
    "inr": 1.0,
    "anticoagulant": "none",
    "consent_trial": "yes",
    "trial_drug": "morphine",
    "payer_accepts_method": "yes",
}
DAY = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "active_infection": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "escort_named": "yes",
    "staff_and_naloxone_ready": "yes",
}
INPUTS = {"rescue_opioid_use": "less", "function_change": "better", "goal_met": "fully", "tolerated": "yes"}
DOSE = {"drug": "morphine", "mode": "bolus", "ordered": 0.2, "given": 0.2, "unit": "mg"}


def test_a_responder_walks_to_a_planned_implant(api: Api):
    carla, nils, clara, cem = api("coordinator-1"), api("nurse-1"), api("clinician-1"), api("clinician-2")
    episode = api.enrol()
    path = f"/episodes/{episode}"

    assert carla.record(episode, ago(days=39), REFERRAL).status_code == 201
    assert carla.advance(episode, "accept_referral", occurred_at=ago(days=38)).json()["stage"] == "screening"
    assert nils.record(episode, ago(days=35), SCREENING).status_code == 201
    assert carla.advance(episode, "complete_screening", occurred_at=ago(days=34)).status_code == 200
    planned = api("scheduler-1").post(f"{path}/appointments", {"kind": "trial_procedure", "starts_at": ago(hours=27)})
    assert planned.status_code == 201, planned.text
    assert nils.record(episode, ago(days=10), WORKUP).status_code == 201
    for day in (14, 13, 12, 11, 10):
        assert nils.record(episode, ago(days=day), {"nrs": 8}).status_code == 201
    trial = clara.advance(episode, "approve_single_shot_trial", occurred_at=ago(days=9))
    assert trial.json()["stage"] == "single_shot_trial", trial.text

    assert nils.record(episode, ago(hours=27), DAY).status_code == 201
    late = clara.advance(episode, "approve_puncture", occurred_at=ago(hours=26.5), reason="entered after the list")
    assert late.status_code == 200, late.text
    assert nils.post(f"/appointments/{planned.json()['made'][0]}/attend", {}).status_code == 200
    given = nils.post(f"{path}/trials/1/administrations", {**DOSE, "given_at": ago(hours=26)})
    assert given.status_code == 201, given.text
    for hours in (24, 22, 20):
        told = nils.record(episode, ago(hours=hours), {"nrs": 3})
    assert told.json()["about"]["response_after"] == "met"
    assert nils.record(episode, ago(hours=1), {"discharged": "yes"}).status_code == 201
    assert nils.advance(episode, "assess_response").json()["stage"] == "response_assessment"
    assert nils.record(episode, ago(), INPUTS).status_code == 201
    assert clara.advance(episode, "send_to_case_review").status_code == 200
    review = [
        {"item": "review_outcome", "observed_at": ago(), "value": "implant"},
        {"item": "life_expectancy_months", "observed_at": ago(), "value": 60, "unit": "mo"},
    ]
    assert clara.post(f"{path}/observations", review).status_code == 201

    first = clara.advance(episode, "decide_implant")
    assert (first.status_code, first.json()["outcome"]) == (202, "proposed")
    again = clara.advance(episode, "decide_implant")
    assert (again.status_code, again.json()["code"]) == (409, "refused")
    second = cem.advance(episode, "decide_implant")
    assert (second.status_code, second.json()["stage"]) == (200, "implant_planning")
    assert second.json()["about"]["second"] == "clinician-1"

    shown = clara.get(path).json()
    assert shown["response"]["relief"] == "62.50"
    assert shown["administrations"][0]["given"] == "0.2"
    assert shown["identity"]["birth_date"] == "1960-02-29"
    assert [one["name"] for one in shown["tasks"]] == ["plan_implant"]

    why = clara.get(f"{path}/why").json()
    assert why["way"] == "approve_implant"
    assert "Approve the implant" in why["sentence"]
    assert why["held_by"] == ["scheduler"]

    lines = clara.get(f"{path}/ledger", limit=500).json()["lines"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["sound"] for line in lines)
    assert all(later["prev"] == line["hash"] for line, later in pairwise(lines))


def test_a_correction_supersedes_visibly_and_a_void_takes_away(api: Api):
    nils, episode = api("nurse-1"), api.enrol()
    first = nils.record(episode, ago(days=3), {"nrs": 8}).json()["made"][0]
    fixed = nils.post(
        f"/observations/{first}/corrections", {"value": 7, "unit": "{score}", "reason": "typed for another"}
    )
    assert fixed.status_code == 201, fixed.text
    second = fixed.json()["made"][0]
    twice = nils.post(f"/observations/{first}/corrections", {"void": True, "reason": "once more"})
    assert (twice.status_code, twice.json()["code"]) == (409, "impossible_now")
    assert nils.post(f"/observations/{second}/corrections", {"void": True, "reason": "never asked"}).status_code == 201
    seen = {one["id"]: one for one in nils.get(f"/episodes/{episode}").json()["observations"]}
    assert (seen[first]["stands"], seen[first]["superseded_by"]) == (False, second)
    assert (seen[second]["stands"], seen[second]["superseded_by"]) == (False, "void")
    assert seen[second]["value"] == "7"


def test_holding_overriding_deviating_and_adopting(api: Api, signers: None):
    carla, clara, cem = api("coordinator-1"), api("clinician-1"), api("clinician-2")
    episode = api.accepted()
    path = f"/episodes/{episode}"
    assert carla.post(f"{path}/hold", {"reason": "waiting_for_payer"}).status_code == 200
    assert "on hold" in carla.get(f"{path}/why").json()["sentence"]
    assert carla.advance(episode, "accept_referral").status_code == 409
    assert carla.post(f"{path}/release", {"reason": "they agreed"}).status_code == 200
    asked = {"gate": "prepared", "reason": "assessment_waived_by_panel"}
    unsigned = clara.post(f"{path}/overrides", asked)
    assert (unsigned.status_code, "wants a signature" in unsigned.json()["detail"]) == (409, True)
    assert clara.post(f"{path}/overrides", clara.signed(episode, override=asked)).status_code == 202
    assert cem.post(f"{path}/overrides", cem.signed(episode, override=asked)).status_code == 200
    acted = {"act": "implant", "reason": "implanted elsewhere on the day", "occurred_at": ago(hours=1)}
    assert clara.post(f"{path}/deviations", acted).status_code == 409
    assert clara.post(f"{path}/deviations", clara.signed(episode, deviation=acted)).status_code == 202
    told = cem.post(f"{path}/deviations", cem.signed(episode, deviation=acted))
    assert (told.status_code, told.json()["stage"]) == (200, "implanted")
    assert {one["name"] for one in carla.get(path).json()["duties"]} >= {"pump_in_body", "safety_review"}

    other = api.enrol()
    adopted = carla.post(f"/episodes/{other}/adopt", {"stage": "case_review", "reason": "the paper board"})
    assert (adopted.status_code, adopted.json()["stage"]) == (200, "case_review")
