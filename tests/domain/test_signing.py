"""A signature: asked for by the protocol, bound to what was shown, refused on anything else, voided where it must."""

import json
from dataclasses import replace

import pytest
from route import DAY, checked, diary, go, ready, ready_for_implant, reviewed
from signed import MEANINGS, SIGNED, by, shown, standing, take, voided
from world import CEM, CLARA, INES, NILS, Walker, barred

from workflow.domain import decide
from workflow.domain.actor import Actor, Role
from workflow.domain.errors import ImpossibleInputError, StaleError
from workflow.domain.policy import Verb, who_may
from workflow.domain.signature import digest_of, faults, faults_in, signatures_in


def on_the_day(walker: Walker | None = None) -> Walker:
    """The procedure day has come, and nothing is against the puncture."""
    walker = checked(walker or Walker(SIGNED))
    diary(walker)
    go(walker, "approve_single_shot_trial")
    return ready(walker)


def in_review() -> Walker:
    """In case review, with a response, under the protocol that wants signatures."""
    walker = on_the_day()
    go(walker, "approve_puncture")
    walker.give()
    for _ in range(3):
        walker.later("2h").record(nrs=3)
    walker.later("25h").record(discharged="yes")
    go(walker, "assess_response")
    walker.record(rescue_opioid_use="less", function_change="better", goal_met="fully", tolerated="yes")
    go(walker, "send_to_case_review")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    return walker


def lines_of(walker: Walker) -> list[dict[str, object]]:
    return [json.loads(line.payload) for line in walker.lines]


# -- asked for


def test_a_step_that_wants_a_signature_is_refused_without_one_and_says_what_it_would_mean():
    walker = on_the_day()
    refused = take(walker, CLARA, "approve_puncture", None)
    assert refused.refused
    assert MEANINGS["approve_puncture"] in barred(refused)
    assert not walker.episode.signatures


def test_a_signed_step_is_done_and_its_line_holds_who_by_what_name_when_and_meaning_what():
    walker = on_the_day()
    matter = shown(walker, CLARA, "approve_puncture")
    done = take(walker, CLARA, "approve_puncture", by(CLARA, matter.digest))
    assert done.entry.outcome == "done"
    (one,) = standing(walker)
    assert (one.by, one.printed, one.at, one.meaning, one.about) == (
        "clara",
        "Dr Clara",
        walker.now,
        MEANINGS["approve_puncture"],
        "advance:approve_puncture",
    )
    told = lines_of(walker)[-1]
    assert digest_of(told["about"]["signed"]) == one.digest == matter.digest
    assert walker.episode.passages[one.key].signed == one.digest


def test_what_is_signed_names_the_candidate_the_protocol_the_version_and_every_value_the_gates_rest_on():
    walker = on_the_day()
    matter = shown(walker, CLARA, "approve_puncture")
    record = matter.record
    assert (record["episode"], record["candidate"], record["protocol_sha256"], record["version"]) == (
        "e-1",
        "c-1",
        SIGNED.sha256,
        walker.episode.version,
    )
    assert {gate["gate"] for gate in record["gates"]} == set(SIGNED.transitions["approve_puncture"].gates)
    values = record["values"]
    assert {one["item"] for one in values.values()} >= {"platelets", "inr", "identity_confirmed"}
    assert set(values) == set(matter.rests_on)


def test_a_step_that_wants_no_signature_takes_none():
    walker = on_the_day()
    with pytest.raises(ImpossibleInputError, match="wants no signature"):
        take(walker, CLARA, "assess_response", by(CLARA, "0" * 64))


def test_the_first_printing_wants_none_and_goes_on_as_it_did():
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    assert not walker.together("decide_implant").refused
    assert not walker.episode.signatures


@pytest.mark.parametrize("role", sorted(set(Role) - who_may(Verb.SIGN)))
def test_nobody_but_a_physician_signs_whoever_the_protocol_names(role: Role):
    rule = replace(SIGNED.transition("approve_puncture"), by=tuple(Role))
    protocol = replace(SIGNED, transitions={**SIGNED.transitions, "approve_puncture": rule})
    walker = on_the_day(Walker(protocol))
    actor = Actor(id="other", roles=frozenset({role}))
    digest = shown(walker, actor, "approve_puncture").digest
    refused = take(walker, actor, "approve_puncture", by(actor, digest))
    assert refused.refused
    assert "signature" in barred(refused)


# -- bound to what was shown


def test_what_was_shown_stays_the_same_while_hours_pass_and_not_once_a_value_has_expired():
    walker = on_the_day()
    walker.record(inr="1.0")
    digest = shown(walker, CLARA, "approve_puncture").digest
    walker.later("11h")
    assert shown(walker, CLARA, "approve_puncture").digest == digest
    walker.later("13h")
    assert shown(walker, CLARA, "approve_puncture").digest != digest


def test_a_digest_that_no_longer_fits_is_stale_and_nothing_is_signed():
    walker = on_the_day()
    digest = shown(walker, CLARA, "approve_puncture").digest
    walker.record(allergy_checked="yes")
    before = walker.episode
    with pytest.raises(StaleError, match="nothing was signed"):
        take(walker, CLARA, "approve_puncture", by(CLARA, digest))
    assert walker.episode is before


def test_a_signature_on_one_candidate_is_good_for_no_other():
    walker, other = on_the_day(), on_the_day()
    other.episode = replace(other.episode, id="e-2")
    digest = shown(other, CLARA, "approve_puncture").digest
    with pytest.raises(StaleError):
        take(walker, CLARA, "approve_puncture", by(CLARA, digest))


def test_a_signature_for_one_step_is_good_for_no_other_step():
    walker = on_the_day()
    rule = replace(SIGNED.transition("decline"), signed="I decline.", reasons=(), sources=("single_shot_trial",))
    walker.protocol = replace(SIGNED, transitions={**SIGNED.transitions, "decline": rule})
    digest = shown(walker, CLARA, "decline").digest
    with pytest.raises(StaleError):
        take(walker, CLARA, "approve_puncture", by(CLARA, digest))


def test_a_signature_copied_into_another_line_or_record_is_found():
    walker = in_review()
    walker.together("decide_implant")
    payloads = [json.loads(line.payload) for line in walker.lines]
    heads = [json.loads(line.head) for line in walker.lines]
    signed = [at for at, payload in enumerate(payloads) if signatures_in(payload)]
    assert len(signed) == 3
    for at in signed:
        told = {"episode": "e-1", "actor": heads[at]["actor"], "line": f"{at + 1}"}
        assert list(faults_in(payloads[at], **told)) == []
        assert list(faults_in(payloads[at], **{**told, "episode": "e-2"}))
        assert list(faults_in(payloads[at], **{**told, "actor": "somebody"}))
        assert list(faults_in(payloads[at], **{**told, "line": "999"}))
        (one,) = signatures_in(payloads[at])
        for other in signed:
            record = payloads[other]["about"]["signed"]
            fits = payloads[other]["about"]["signed"] == payloads[at]["about"]["signed"]
            assert bool(list(faults(one, record, **told))) is not fits
        assert list(faults(replace(one, meaning="I was only asked."), payloads[at]["about"]["signed"], **told))


# -- two people


def test_two_people_sign_the_same_record_and_each_by_their_own_name():
    walker = in_review()
    first = walker.advance("decide_implant", CLARA)
    assert first.entry.outcome == "proposed"
    assert walker.advance("decide_implant", CEM).entry.outcome == "done"
    mine = [one for one in standing(walker) if one.about == "advance:decide_implant"]
    assert [one.by for one in mine] == ["clara", "cem"]
    assert len({one.digest for one in mine}) == 1
    assert {walker.episode.passages[mine[1].key].signed} == {mine[0].digest}


def test_anything_new_before_the_second_person_voids_the_first_signature_visibly():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    (one,) = [each for each in standing(walker) if each.by == "clara" and "decide" in each.about]
    walker.record(nrs=4)
    gone = walker.episode.signatures[one.key]
    assert (gone.stands, gone.voided_by, gone.voided_at) == (False, "nils", walker.now)
    assert gone.voided_on == f"{walker.episode.seq}"
    assert "before a second person agreed" in (gone.void_reason or "")
    assert gone.digest == one.digest
    assert walker.advance("decide_implant", CEM).entry.outcome == "proposed"
    assert walker.advance("decide_implant", CLARA).entry.outcome == "done"


def test_what_was_signed_lapses_with_the_stage_it_was_asked_in():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    walker.advance("withdraw", CLARA, reason="moved_away")
    assert [one.about for one in voided(walker)] == ["advance:decide_implant"]


def test_one_person_does_not_sign_twice():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    refused = walker.advance("decide_implant", CLARA)
    assert refused.refused
    assert len([one for one in walker.episode.signatures.values() if "decide" in one.about]) == 1


def test_asking_anew_after_the_proposal_has_lapsed_voids_what_was_signed_before():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    walker.later("3d")
    assert walker.advance("decide_implant", CEM).entry.outcome == "proposed"
    mine = [one for one in walker.episode.signatures.values() if "decide" in one.about]
    assert [(one.by, one.stands) for one in mine] == [("clara", False), ("cem", True)]


# -- overrides and deviations


def test_both_people_sign_what_they_let_pass():
    walker = on_the_day()
    walker.record(platelets=60)
    gate, reason = "bleeding_risk_today", "palliative_with_haematology_plan"
    assert walker.do(decide.override, CLARA, gate=gate, reason=reason).refused
    assert not walker.episode.proposals
    done = walker.dispense(gate, reason)
    assert done.entry.outcome == "done"
    assert [one.by for one in standing(walker)] == ["clara", "cem"]
    (granted,) = walker.episode.overrides.values()
    assert {one.digest for one in standing(walker)} == {granted.signed}
    assert reason in standing(walker)[0].meaning


def test_both_people_sign_what_happened_against_a_gate():
    walker = on_the_day()
    dose = walker.dose("0.2")
    unsigned = {"act": "puncture", "reason": "before anyone looked", "occurred_at": walker.now, "dose": dose}
    assert walker.do(decide.deviate, CLARA, **unsigned).refused
    assert walker.deviate_together("puncture", dose=dose).entry.outcome == "done"
    assert [one.by for one in standing(walker)] == ["clara", "cem"]
    assert {one.signed for one in walker.episode.passages.values() if one.how == "deviation"} == {
        standing(walker)[0].digest
    }


def test_a_deviation_in_a_closed_episode_is_signed_by_both_on_the_same_record():
    walker = on_the_day()
    at = walker.now
    walker.later("1h").advance("withdraw", CLARA, reason="moved_away")
    assert walker.episode.closed_at is not None
    done = walker.deviate_together("puncture", at=at, dose=walker.dose("0.2"))
    assert done.entry.outcome == "done"
    assert len({one.digest for one in standing(walker)}) == 1


# -- corrections


def test_a_correction_voids_what_was_signed_on_the_old_value_and_keeps_it_readable():
    walker = on_the_day()
    go(walker, "approve_puncture")
    (one,) = standing(walker)
    done = walker.later("5min").correct("platelets", 240)
    gone = walker.episode.signatures[one.key]
    assert (gone.voided_by, gone.voided_on, gone.voided_at) == ("nils", f"{walker.episode.seq}", walker.now)
    assert gone.void_reason == "the platelets it rests on was corrected: typed wrongly"
    assert (gone.digest, gone.printed, gone.meaning, gone.at) == (one.digest, one.printed, one.meaning, one.at)
    assert done.entry.about["voided"] == ["advance:approve_puncture"]


def test_an_approval_whose_signature_is_gone_is_good_for_no_act_until_it_is_signed_again():
    walker = on_the_day()
    go(walker, "approve_puncture")
    walker.later("5min").correct("platelets", 240)
    walker.later("5min")
    assert "no authorisation stands" in barred(walker.give())
    go(walker, "approve_puncture")
    assert not walker.give().refused


def test_a_correction_of_something_else_voids_nothing():
    walker = on_the_day()
    walker.record(nrs=5)
    go(walker, "approve_puncture")
    walker.later("5min").correct("goal_agreed", "to walk to the shop and back")
    assert voided(walker) == []
    assert not walker.give().refused


def test_a_correction_that_undoes_a_passed_gate_opens_a_safety_review_and_moves_nobody_back():
    walker = in_review()
    walker.together("decide_implant")
    walker.later("1h").correct("nrs", 8)
    assert walker.stage == "implant_planning"
    assert "safety_review" in walker.duties()
    assert "advance:decide_implant" in {one.about for one in voided(walker)}


# -- shown before


def test_the_options_tell_what_is_wanted_and_what_would_be_signed():
    walker = on_the_day()
    option = walker.option("approve_puncture")
    assert option.signed == MEANINGS["approve_puncture"]
    assert option.to_sign is not None
    assert option.to_sign.digest == shown(walker, CLARA, "approve_puncture").digest
    assert walker.option("withdraw").to_sign is None
    walker.record(fever_or_infection_today="yes")
    assert walker.option("approve_puncture").to_sign is None


def test_the_implant_wants_two_signatures_on_one_record():
    walker = ready_for_implant(in_review())
    walker.record(**DAY)
    assert walker.advance("approve_implant", INES).entry.outcome == "proposed"
    assert walker.advance("approve_implant", CEM).entry.outcome == "done"
    assert NILS.id not in {one.by for one in walker.episode.signatures.values()}


def test_what_one_person_asked_for_before_signatures_were_wanted_counts_for_nothing():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    asked = walker.episode.proposals["advance:decide_implant"]
    walker.episode = replace(
        walker.episode, proposals={**walker.episode.proposals, asked.key: replace(asked, signed=None)}
    )
    assert walker.advance("decide_implant", CEM).entry.outcome == "proposed"
    assert walker.stage == "case_review"
