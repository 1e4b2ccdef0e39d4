"""`theca simulate`: chance decides what people do, the product's own kernel what comes of it."""

import gc
import json
import tracemalloc
from functools import lru_cache
from math import comb
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.authoring.schema import read
from workflow.authoring.simulate import Asked, Cohort, Simulated, load_cohort, plain_cohort, simulate
from workflow.authoring.simulate.run import Lived, live_one
from workflow.authoring.simulate.tell import as_json
from workflow.authoring.walk import load_walk, play
from workflow.authoring.walk.write import written
from workflow.cli.simulate import app
from workflow.domain.canonical import canonical
from workflow.domain.criterion import Operator
from workflow.domain.decision import fold
from workflow.domain.episode import Episode
from workflow.domain.protocol import tests_of as leaves_of

ROOT = Path(__file__).parents[2]
FILE = ROOT / "protocols" / "opioid_trial" / "v1.yaml"
COHORTS = ROOT / "examples" / "cohorts"
V1 = read(FILE.read_bytes(), name="v1.yaml")
SURE = 0.9999


def cohort(name: str, *edits: tuple[str, str]) -> Cohort:
    text = (COHORTS / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return fed(text)


def fed(text: str) -> Cohort:
    loaded = load_cohort(text, "cohort.yaml", V1)
    assert loaded.cohort is not None, [str(finding) for finding in loaded.findings]
    return loaded.cohort


@lru_cache(maxsize=8)
def one_clinic(candidates: int = 60, seed: int = 1) -> Simulated:
    return simulate(V1, cohort("one_clinic"), Asked(candidates=candidates, seed=seed))


@lru_cache(maxsize=16)
def lived(number: int) -> Lived:
    return live_one(V1, cohort("one_clinic"), Asked(candidates=20), number=number)


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def interval(share: float, trials: int) -> tuple[int, int]:
    """Between how many successes a binomial count lies almost surely."""
    chances = [comb(trials, n) * share**n * (1 - share) ** (trials - n) for n in range(trials + 1)]
    tail, low, high = (1 - SURE) / 2, 0, trials
    while sum(chances[: low + 1]) < tail:
        low += 1
    while sum(chances[high:]) < tail:
        high -= 1
    return low, high


# -- it is the same kernel


@pytest.mark.parametrize("number", range(1, 7))
def test_every_ledger_line_of_a_simulated_candidate_folds_into_the_next_state(number: int):
    episode = Episode(id="rehearsed", site="rehearsed", candidate="rehearsed")
    for decision in lived(number).decisions:
        episode = fold(episode, json.loads(canonical(decision.entry.payload)), seq=decision.entry.seq)
        assert canonical(episode) == canonical(decision.after)


@pytest.mark.parametrize("number", range(1, 7))
def test_a_simulated_candidate_tried_as_a_walk_gives_the_same_ledger_lines(number: int):
    one, crew = lived(number), cohort("one_clinic").crew
    text = written("one", V1, crew, one.steps, starts=one.arrived, born_on=one.born_on, settings={})
    loaded = load_walk(text, "walk.yaml", V1)
    assert loaded.walk is not None, [str(finding) for finding in loaded.findings]
    account = play(loaded.walk, V1)

    simulated = [decision.entry for decision in one.decisions]
    tried = account.entries[: len(simulated)]
    assert [(e.seq, e.at, e.actor, e.verb, e.outcome, canonical(e.payload)) for e in tried] == [
        (e.seq, e.at, e.actor, e.verb, e.outcome, canonical(e.payload)) for e in simulated
    ]
    assert account.unmet == ()


def test_the_tally_counts_what_the_candidates_lived():
    tally = one_clinic(20).tally
    candidates = [lived(number) for number in range(1, 21)]

    assert tally.decisions == sum(len(one.decisions) for one in candidates)
    assert tally.messages.total() == sum(len(d.messages) for one in candidates for d in one.decisions)
    assert tally.ends.total() == tally.candidates == 20
    assert tally.ends == {
        stage: sum(one.decisions[-1].after.stage == stage for one in candidates) for stage in tally.ends
    }


def test_nothing_is_recorded_as_a_deviation_and_nobody_asks_for_the_impossible():
    tally = one_clinic().tally

    assert (tally.deviations, dict(tally.impossible)) == (0, {})
    assert tally.refusals["bleeding_risk_today"] > 0


# -- it is chance, repeated


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    again = simulate(V1, cohort("one_clinic"), Asked(candidates=60, seed=1))

    assert as_json(again) == as_json(one_clinic())
    assert as_json(one_clinic(60, 2)) != as_json(one_clinic())


def test_a_candidate_is_the_same_however_many_others_there_are():
    alone = live_one(V1, cohort("one_clinic"), Asked(candidates=5), number=5)

    assert alone.steps == lived(5).steps


# -- what goes in comes out


@pytest.mark.parametrize("share", ["64", "20"])
def test_the_share_that_was_fed_is_the_share_that_is_implanted(share: str):
    asked = Asked(candidates=150, seed=7)
    tally = simulate(V1, cohort("fed_share", ('passing: "64"', f'passing: "{share}"')), asked).tally

    low, high = interval(int(share) / 100, tally.trialled)
    assert tally.trialled == tally.trials == 150
    assert low <= tally.passed <= high
    assert tally.implanted == tally.passed
    assert tally.ends == {"closed": tally.implanted, "non_responder": 150 - tally.implanted}


@pytest.mark.parametrize(("share", "implanted"), [("0", 0), ("100", 30)])
def test_nobody_and_everybody_responds(share: str, implanted: int):
    asked = Asked(candidates=30, seed=3)
    tally = simulate(V1, cohort("fed_share", ('passing: "64"', f'passing: "{share}"')), asked).tally

    assert tally.implanted == implanted


def test_the_interval_of_the_share_can_fail():
    low, high = interval(0.64, 150)

    assert 70 < low < 96 < high < 122


@pytest.mark.parametrize("file", sorted((ROOT / "protocols").glob("*/v*.yaml")), ids=lambda file: file.parent.name)
def test_every_protocol_can_be_walked_to_its_ends_by_those_who_respond_and_those_who_do_not(file: Path):
    version = read(file.read_bytes(), name=file.name)
    tally = simulate(version, plain_cohort(version), Asked(candidates=12, seed=2)).tally

    assert (tally.trialled, tally.deviations, dict(tally.impossible)) == (12, 0, {})
    assert tally.ends == {"closed": tally.implanted, "non_responder": 12 - tally.implanted}
    assert 0 < tally.implanted == tally.passed < 12


def test_who_is_too_young_is_barred_by_the_age_gate():
    file = ROOT / "protocols" / "baclofen_trial" / "v1.yaml"
    version = read(file.read_bytes(), name="v1.yaml")
    loaded = load_cohort("cohort: Infants\nages: {from: '1', to: '2'}\n", "cohort.yaml", version)
    assert loaded.cohort is not None
    tally = simulate(version, loaded.cohort, Asked(candidates=3, weeks=10)).tally

    assert (tally.ends, set(tally.refusals)) == ({"screening": 3}, {"old_enough"})


def test_a_sites_own_parameter_reaches_the_gates():
    file = ROOT / "protocols" / "opioid_trial" / "v2.yaml"
    version = read(file.read_bytes(), name="v2.yaml")
    gate, test = next(
        (key, test)
        for key, gate in version.gates.items()
        for test in leaves_of(gate.criterion)
        if test.parameter and test.subject.item and test.operator is Operator.AT_LEAST
    )
    rule, item = version.parameters[test.parameter], test.subject.item
    text = f"items: {{{item}: {{weights: {{'{rule.minimum}': '1'}}}}}}\n"
    outcomes = []
    for value in (rule.minimum, rule.maximum):
        fed_with = f"cohort: Set by the site\nparameters: {{{test.parameter}: '{value}'}}\n{text}"
        loaded = load_cohort(fed_with, "cohort.yaml", version)
        assert loaded.cohort is not None, [str(finding) for finding in loaded.findings]
        outcomes.append(simulate(version, loaded.cohort, Asked(candidates=3, weeks=12)).tally.refusals[gate])

    assert outcomes[0] == 0 < outcomes[1]


def test_slow_work_is_escalated_and_quick_work_is_not():
    quick = fed("cohort: Quick\npace: {other: {median: 5min, p90: 10min}}\n")
    slow = fed("cohort: Slow\npace: {other: {median: 12d, p90: 20d, time: clock}}\n")
    asked = Asked(candidates=15, seed=1, weeks=80)

    calm, late = simulate(V1, quick, asked).tally, simulate(V1, slow, asked).tally

    assert late.messages.total() > 5 * calm.messages.total()
    assert late.late["lead_1"] > calm.late["lead_1"]


def test_an_appointment_that_is_missed_opens_a_call_and_is_booked_again():
    never = cohort("one_clinic", ('missed: "6"', 'missed: "100"'))
    steps = [live_one(V1, never, Asked(candidates=8), number=number).decisions for number in range(1, 9)]
    verbs = [decision.entry.verb for decisions in steps for decision in decisions]
    tasks = {task.name for decisions in steps for task in decisions[-1].after.tasks.values()}

    assert verbs.count("missed") > 0
    assert verbs.count("appoint") > verbs.count("missed") - 8
    assert "call_after_missed_appointment" in tasks


def test_who_is_barred_by_a_value_gives_up_after_so_many_tries():
    barred = fed(
        "cohort: All infected\ngives_up: decline\ntries: '2'\nitems: {active_infection: {weights: {'yes': '1'}}}\n"
    )
    tally = simulate(V1, barred, Asked(candidates=10)).tally

    assert tally.ends == {"declined": 10}
    assert tally.refusals["no_contraindication"] == 20


# -- what it needs


def test_memory_does_not_grow_with_the_candidates():
    def left_behind(candidates: int) -> int:
        tracemalloc.start()
        kept = simulate(V1, cohort("fed_share"), Asked(candidates=candidates))
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept.tally.candidates == candidates
        return size

    left_behind(3)  # what is looked up once is there from now on
    assert left_behind(30) < left_behind(8) + 60_000


# -- the command


def test_the_report_has_every_figure():
    code, out, err = run(FILE, "--cohort", COHORTS / "one_clinic.yaml", "--candidates", "20", "--seed", "4")

    assert (code, err) == (0, "")  # no bar where nobody looks
    for said in ("Trialled", "over the line", "deviations 0", "median d", "late rungs", "to one clinician in a week"):
        assert said in out
    assert "(U)" in out


def test_without_a_cohort_it_says_so_and_runs_on_any_protocol():
    code, out, _ = run(FILE, "--candidates", "10")

    assert code == 0
    assert "No cohort was given" in out


def test_the_report_as_json():
    code, out, _ = run(FILE, "--cohort", COHORTS / "fed_share.yaml", "--candidates", "20", "--json")

    told = json.loads(out)
    assert code == 0
    assert told["candidates"] == told["trialled"] == 20
    assert set(told["days_in_stage"]["case_review"]) == {"stays", "median", "p90"}
    assert told["per_role"]["clinician"]["messages"] > 0
    assert told["deviations"] == 0


def test_one_candidates_walk_is_printed_as_a_file_that_can_be_tried():
    code, out, _ = run(FILE, "--candidates", "5", "--walk", "3")

    assert code == 0
    assert load_walk(out, "walk.yaml", V1).walk is not None
    assert run(FILE, "--candidates", "5", "--walk", "6")[0] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty -> a map that begins with cohort:"),
        ("cohort: X\nmoon: 1\n", "moon: the key moon is not known here -> about, ages, appointments"),
        ("cohort: X\nprotocol: baclofen\n", "protocol: this cohort is for baclofen -> opioid_trial, or"),
        ("cohort: X\npace: {moon: {median: 1d, p90: 2d}}\n", "pace.moon: there is no task or duty moon"),
        ("cohort: X\npace: {other: {median: soon, p90: 2d}}\n", "pace.other.median: soon is not a duration"),
        ("cohort: X\npace: {other: {median: 3d, p90: 2d}}\n", "pace.other: nine tenths are done before half are"),
        ("cohort: X\nitems: {moon: {weights: {a: '1'}}}\n", "items.moon: there is no item moon"),
        ("cohort: X\nitems: {nrs: {weights: {'11': '1'}}}\n", "items.nrs: Pain score (NRS) cannot be 11 -> a number 0"),
        ("cohort: X\nitems: {nrs: {weights: {'1': '0'}}}\n", "items.nrs.weights: every weight is 0 -> at least one"),
        ("cohort: X\nitems: {nrs: {}}\n", "items.nrs: values are drawn one way -> one of between, weights"),
        ("cohort: X\nitems: {nrs: {between: {from: '5', to: '2'}}}\n", "the range is out of order -> from at most to"),
        (
            "cohort: X\nitems: {tolerated: {between: {from: '0', to: '1'}}}\n",
            "items.tolerated: Trial tolerated is no",
        ),
        (
            "cohort: X\nitems: {pain_origin: {weights: {moon: '1'}}}\n",
            "Pain origin cannot be moon -> cancer",
        ),
        ("cohort: X\nways: {fly: {weight: '1'}}\n", "ways.fly: there is no transition fly"),
        ("cohort: X\nleaves: {withdraw: {percent: '101'}}\n", "leaves.withdraw.percent: 101 is not a percentage"),
        (
            "cohort: X\nleaves: {withdraw: {percent: '1', reason: x}}\n",
            "leaves.withdraw.reason: x is no reason to",
        ),
        ("cohort: X\nstaff: {pilot: '1'}\n", "staff.pilot: pilot is not one of the words known here"),
        ("cohort: X\nstaff: {nurse: '0'}\n", "staff.nurse: 0 is not a whole number from 1"),
        ("cohort: X\nreferrals: {per_week: '0'}\n", "referrals: 0 is not a number of referrals -> above 0"),
        ("cohort: X\nresponse: {passing: '50', source: HOUSE}\n", "a source and its mark belong together"),
        ("cohort: X\nholds: {holiday: {percent: '1', lasts: {median: 1d, p90: 2d}}}\n", "no reason for a hold holiday"),
        ("cohort: X\nappointments: {visit: {stages: [moon]}}\n", "appointments.visit.stages.0: there is no stage moon"),
        ("cohort: X\nages: {from: '80', to: '20'}\n", "ages: the ages are out of order -> from at most to"),
        ("cohort: X\nparameters: {moon: '1'}\n", "parameters.moon: there is no parameter moon"),
        ("cohort: X\ngives_up: fly\n", "gives_up: there is no transition fly"),
    ],
)
def test_a_bad_cohort_names_the_place_and_what_is_allowed(text: str, said: str, tmp_path: Path):
    file = tmp_path / "cohort.yaml"
    file.write_text(text, encoding="utf-8")

    code, out, err = run(FILE, "--cohort", file, "--candidates", "1")

    assert (code, out) == (1, "")
    assert said in err
    assert all(line.startswith(str(file)) for line in err.splitlines())


def test_a_plain_cohort_can_find_a_second_person():
    crew = plain_cohort(V1).crew

    assert {len(crew.holding(role)) for role in V1.roles} == {2}
