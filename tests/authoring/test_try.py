"""`theca protocol try`: a written walk, replayed by the kernel, held against what it expects."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.authoring.walk import Account, load_walk, play
from workflow.cli.protocol import app
from workflow.domain.canonical import canonical
from workflow.domain.decision import fold
from workflow.domain.episode import Episode
from workflow.domain.protocol import ProtocolVersion

ROOT = Path(__file__).parents[2]
V1 = ROOT / "protocols" / "opioid_trial" / "v1.yaml"
WALKS = sorted((ROOT / "examples" / "walks").glob("*.yaml"))

HEAD = """\
walk: One who is referred
people: {clara: [clinician], cem: [clinician]}
starts: 2026-03-02 09:00
steps:
"""
REFERRED = "  - {by: coordinator, record: {referral_reason: back pain, pain_origin: non_cancer}}\n"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["try", *(str(argument) for argument in arguments)])
    return result.exit_code, result.stdout, result.stderr


def played(steps: str, v1: ProtocolVersion, head: str = HEAD) -> Account:
    loaded = load_walk(head + steps, "walk.yaml", v1)
    assert loaded.walk is not None, [str(finding) for finding in loaded.findings]
    return play(loaded.walk, v1)


def unmet(steps: str, v1: ProtocolVersion) -> list[str]:
    return [str(finding) for finding in played(steps, v1).unmet]


def faults(text: str, v1: ProtocolVersion) -> list[str]:
    loaded = load_walk(text, "walk.yaml", v1)
    assert loaded.walk is None
    return [str(finding) for finding in loaded.findings]


# -- the examples


def test_there_are_examples_for_what_matters():
    assert {
        "responder_by_catheter",
        "second_trial",
        "expired_inr",
        "exactly_half",
        "withdrawn_with_catheter_in",
        "missed_appointment",
    } <= {walk.stem for walk in WALKS}


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.stem)
def test_an_example_comes_as_it_expects(walk: Path):
    code, out, err = run(V1, walk)

    assert (code, err) == (0, "")
    assert "Stands in " in out


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.stem)
def test_the_ledger_lines_of_a_walk_fold_into_where_it_ends(walk: Path, v1: ProtocolVersion):
    loaded = load_walk(walk.read_bytes(), walk.name, v1)
    assert loaded.walk is not None
    account = play(loaded.walk, v1)

    episode = Episode(id="rehearsed", site="rehearsed", candidate="rehearsed")
    for entry in account.entries:
        payload = json.loads(canonical(entry.payload))
        episode = fold(episode, payload, seq=entry.seq)

    assert canonical(episode) == canonical(account.episode)


# -- what is told


def test_day_by_day_what_was_asked_what_barred_it_and_what_would_open_it():
    _, out, _ = run(V1, ROOT / "examples" / "walks" / "expired_inr.yaml")

    assert "Day 40, Fri 2026-04-10\n" in out
    assert "08:00  clara: Approve the puncture, today -> REFUSED\n" in out
    assert "unknown: Bleeding risk, today: " in out
    assert "INR has expired: 1.1 of 2026-03-10 08:30, valid for 30d" in out
    assert "opens when: " in out


def test_timers_fire_between_steps_and_each_message_names_its_rung_and_its_people():
    _, out, _ = run(V1, ROOT / "examples" / "walks" / "withdrawn_with_catheter_in.yaml")

    assert "08:30  ~ urgent message, rung 2 of 4: Trial catheter in -> clara (clinician), cem (clinician), nurse" in out
    assert "+ duty opens: Trial catheter in (nurse), first reminder" in out
    assert "- duty ends: Trial catheter in (" in out
    assert "times more, until" in out  # a ladder that repeats is told once


def test_a_timer_fires_at_its_own_time_whatever_the_steps_are(v1: ProtocolVersion):
    account = played("  - {at: day 5 08:00}\n", v1)

    fired = next(seen for seen in account.happenings if seen.verb == "fire")
    assert fired.at == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert [notice.recipient for notice in fired.told] == ["coordinator"]


def test_times_of_day_are_the_sites_own(v1: ProtocolVersion):
    head = HEAD.replace("starts:", "site: {zone: Europe/Berlin}\nstarts:")
    account = played("  - {at: day 29 09:00, by: nurse, record: {nrs: '7'}}\n", v1, head)  # summer time since day 28

    assert account.happenings[0].at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert account.happenings[-1].at == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_the_account_as_json():
    code, out, _ = run(V1, ROOT / "examples" / "walks" / "exactly_half.yaml", "--json")

    told = json.loads(out)
    refused = [seen for seen in told["happenings"] if seen["outcome"] == "refused"]
    assert code == 0
    assert (told["sound"], told["stage"], told["closed"], told["open"]) == (True, "non_responder", True, [])
    assert "exactly on the line" in refused[0]["bars"][0]["because"]


def test_values_of_a_list_lie_so_far_apart_the_last_one_now(v1: ProtocolVersion):
    account = played("  - {at: day 9 20:00, by: nurse, record: {nrs: ['8', '7', '6']}, every: 1d}\n", v1)

    seen = [(o.observed_at.day, str(o.number)) for o in account.episode.observations.values()]
    assert seen == [(8, "8"), (9, "7"), (10, "6")]
    assert len(account.entries) == 1 + 1 + sum(1 for one in account.entries if one.verb == "fire")


def test_a_second_person_makes_it_stand(v1: ProtocolVersion):
    steps = REFERRED + (
        "  - {by: coordinator, advance: accept_referral}\n"
        "  - {by: clara, record: {permanent_contraindication: 'yes'}}\n"
        "  - {by: clara, and_by: cem, advance: contraindicate, expect: {outcome: moved, stage: contraindicated}}\n"
    )
    account = played(steps, v1)

    assert account.unmet == ()
    assert account.entries[-1].about["second"] == "clara"


# -- what is expected


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("expect: {outcome: refused}", "expect.outcome: it was moved -> expected: refused"),
        ("expect: {outcome: proposed}", "expect.outcome: it was moved -> expected: proposed"),
        ("expect: {stage: case_review}", "expect.stage: the candidate stands in screening -> expected: case_review"),
        (
            "expect: {open: [triage_referral]}",
            "expect.open.0: triage_referral is not open -> open are: complete",
        ),
        ("expect: {closed: [complete_workup]}", "expect.closed.0: complete_workup is still open"),
        ("expect: {response: met}", "expect.response: the response is not judged yet -> expected: met"),
        ("expect: {relief: '60'}", "expect.relief: relief is not known -> expected: 60"),
        ("expect: {episode: closed}", "expect.episode: the episode is open -> expected: closed"),
        ("expect: {told: {triage_referral: [lead]}}", "expect.told.triage_referral: lead had no message"),
        (
            "expect: {gates: {referral_complete: {verdict: shut}}}",
            "expect.gates.referral_complete.verdict: it is open: Reason for referral: back pain",
        ),
        (
            "expect: {gates: {referral_complete: {because: moon}}}",
            "-> expected to contain: moon",
        ),
        ("expect: {gates: {bloods: {verdict: open}}}", "bloods was not asked -> asked were: referral_complete"),
    ],
)
def test_what_is_not_as_expected_is_one_line_with_its_place(step: str, said: str, v1: ProtocolVersion):
    (line,) = unmet(f"{REFERRED}  - {{by: coordinator, advance: accept_referral, {step}}}\n", v1)

    assert line.startswith("walk.yaml:6  W201  error  steps.1.expect")
    assert said in line


def test_nobody_may_be_told_and_then_somebody_was(v1: ProtocolVersion):
    (line,) = unmet("  - {at: day 4 12:00, expect: {told: {triage_referral: nobody}}}\n", v1)

    assert "steps.0.expect.told.triage_referral: coordinator had a message" in line


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{by: coordinator, advance: accept_referral}", "it was refused: referral_complete: Reason for referral"),
        (
            "{by: nurse, record: {nrs: '11'}}",
            "it was impossible: impossible_value: Pain score (NRS): this is not possible: '11'",
        ),
        ("{by: pharmacist, hold: infection_to_treat}", "it was impossible: not_permitted: hold is not yours"),
        ("{by: nurse, miss: trial_procedure}", "it was impossible: not_found: no trial_procedure was ever booked"),
        ("{by: nurse, complete: catheter_in}", "it was impossible: not_found: catheter_in was never opened"),
    ],
)
def test_a_step_that_does_not_go_through_breaks_the_walk_unless_it_is_expected(
    step: str, said: str, v1: ProtocolVersion
):
    (line,) = unmet(f"  - {step}\n", v1)
    assert said in line

    outcome = "impossible" if "impossible" in said else "refused"
    assert unmet(f"  - {step[:-1]}, expect: {{outcome: {outcome}}}}}\n", v1) == []


def test_an_unmet_expectation_ends_with_1_and_tells_the_account_all_the_same(tmp_path: Path):
    walk = tmp_path / "walk.yaml"
    walk.write_text(HEAD + REFERRED.replace("}}", "}, expect: {stage: closed}}"), encoding="utf-8")

    code, out, err = run(V1, walk)

    assert code == 1
    assert "Stands in Referred" in out
    assert err.startswith(f"{walk}:5  W201  error  steps.0.expect.stage: ")


# -- what is written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty -> a map that begins with walk:"),
        ("- a list\n", "the file is not a map -> a map that begins with walk:"),
        (HEAD, "steps: nothing stands here"),
        (HEAD + "  - {}\n", "steps.0: this step says nothing -> at, to let time pass; or a deed"),
        (HEAD + "  - {by: clara}\n", "steps.0: this step says who or how, and not what -> one of adopt, record"),
        (HEAD + "  - {at: tomorrow}\n", "steps.0.at: tomorrow is not a moment of the walk -> like +2d"),
        (HEAD + "  - {at: 2026-02-30 09:00}\n", "2026-02-30 09:00 is not a moment of the walk"),
        (HEAD + "  - {at: day 3 25:00}\n", "day 3 25:00 is not a moment of the walk"),
        (
            HEAD + "  - {at: day 2 09:00}\n  - {at: day 1 09:00}\n",
            "walk.yaml:6  W102  error  steps.1.at: this",
        ),
        (HEAD + "  - {at: +9999w}\n" * 60, "this step lies too far off -> within 20 years of the start"),
        (HEAD + "  - {advance: decline}\n", "steps.0: nobody is said to advance -> by: a person or a role"),
        (HEAD + "  - {by: bob, advance: decline}\n", "steps.0.by: there is no person bob -> cem, clara, clinician"),
        (HEAD + "  - {by: clara, advance: fly}\n", "steps.0.advance: there is no transition fly -> accept_referral"),
        (HEAD + "  - {by: clara, record: {moon: full}}\n", "steps.0.record.moon: there is no item moon -> active_inf"),
        (HEAD + "  - {by: clara, record: {nrs: many}}\n", "steps.0.record.nrs: many is not a number -> a number 0 to"),
        (HEAD + "  - {by: clara, record: {}}\n", "steps.0.record: this map is empty"),
        (HEAD + "  - {by: clara, advance: decline, hold: x}\n", "advance and hold in one step -> one deed in a step"),
        (HEAD + "  - {by: clara, claim: x, reason: y}\n", "reason does not belong to claim -> nothing beside it"),
        (HEAD + "  - {by: clara, wait: x, until: +1d}\n", "wait must say reason, waits_on -> wait with reason, until"),
        (
            HEAD + "  - {by: clara, correct: nrs, reason: y}\n",
            "a correction says what is right -> one of value",
        ),
        (HEAD + "  - {by: clara, correct: nrs, reason: y, value: z}\n", "steps.0.value: z is not a number"),
        (HEAD + "  - {by: clara, administer: gin, given: '1'}\n", "there is no drug gin -> fentanyl, morphine"),
        (HEAD + "  - {at: +1d, expect: {stage: moon}}\n", "steps.0.expect.stage: there is no stage moon"),
        (HEAD + "  - {at: +1d, expect: {open: [moon]}}\n", "steps.0.expect.open.0: there is no task or duty moon"),
        (HEAD + "  - {at: +1d, expect: {told: {moon: [lead]}}}\n", "expect.told.moon: there is no task or duty moon"),
        (HEAD + "  - {at: +1d, expect: {because: x}}\n", "`because` belongs to what is impossible"),
        (HEAD + "  - {at: +1d, expect: {sun: x}}\n", "the key sun is not known here -> because, closed, episode"),
        (HEAD + "  - {at: +1d, sun: x}\n", "steps.0.sun: the key sun is not known here -> absent, acknowledge"),
        (HEAD.replace("[clinician]", "[pilot]", 1) + REFERRED, "people.clara.0: pilot is not one of the words known"),
        (HEAD.replace("clara:", "nurse:") + REFERRED, "a person is called like a role they do not simply hold"),
        (HEAD.replace("2026-03-02 09:00", "now") + REFERRED, "starts: now is not a date and time -> like 2026-03-02"),
        (
            "protocol: baclofen\n" + HEAD + REFERRED,
            "protocol: this walk is for baclofen -> opioid_trial, or",
        ),
        ("site: {zone: Mars/North}\n" + HEAD + REFERRED, "site.zone: Mars/North is not a time zone -> a name like"),
        ("site: {opens: '18:00'}\n" + HEAD + REFERRED, "site: a site opens before it closes"),
        (HEAD + "  - &a {at: +1d}\n", "an anchor or alias -> write the value out"),
    ],
)
def test_a_bad_walk_names_the_place_and_what_is_allowed(text: str, said: str, v1: ProtocolVersion):
    found = faults(text, v1)

    assert any(said in line for line in found), found
    assert all(line.startswith("walk.yaml") for line in found)


def test_every_fault_is_told_at_once(v1: ProtocolVersion):
    found = faults(HEAD + "  - {by: bob, advance: fly}\n  - {by: ann, advance: swim}\n", v1)

    assert [line.split("  ")[0] for line in found] == ["walk.yaml:5", "walk.yaml:5", "walk.yaml:6", "walk.yaml:6"]


def test_a_broken_protocol_and_a_missing_file_are_told_plainly(tmp_path: Path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("protocol: [", encoding="utf-8")

    code, _, err = run(broken, WALKS[0])
    assert (code, err.count("T001")) == (1, 1)
    assert run(V1, tmp_path / "nothing.yaml")[0] == 2
    assert run(V1, Path("/proc/self/mem"))[0] == 3
