"""A live cohort goes on under the next version: told first, done one by one, killed halfway, run again."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from workflow.authoring.mapping import mapping
from workflow.cli.protocol import app
from workflow.domain.actor import Role
from workflow.domain.decide import PriorTrial, RunningDuty
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotPermittedError
from workflow.domain.observation import Reading
from workflow.domain.trial import Method
from workflow.service import act, people
from workflow.service import migrate as migrating
from workflow.service.act import Asked, Desk
from workflow.service.answer import Answer
from workflow.service.audit import audit
from workflow.service.fire import sweep
from workflow.service.migrate import Left, Looked, Move, UnmappableError
from workflow.store.session import open_store

V1 = (Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml").read_text()
FENTANYL = V1[V1.index("  fentanyl:\n") : V1.index("\nitems:")]
CATHETER = V1[V1.index("      - {after: 1d, tell: [nurse]}\n      - {after: 3d, tell: [nurse, clinician]}") :]
CATHETER = CATHETER[: CATHETER.index("    repeat")]
STATE = (
    "episode",
    "task",
    "timer",
    "passage",
    "proposal",
    "gate_override",
    "trial",
    "observation",
    "message",
    "ledger",
)


def v2_text() -> str:
    """A moved threshold, a renamed stage, a renamed task, a drug gone, a ladder with other times."""
    found = V1
    for old, new in (
        ("version: 1\n", "version: 2\n"),
        ('platelets, at_least: "100"', 'platelets, at_least: "150"'),
        ("case_review", "board_review"),
        ("board_review: {label: Case review}", "board_review: {label: Board review}"),
        ("collect_review_inputs", "gather_review_inputs"),
        (FENTANYL, ""),
        ("choices: [morphine, fentanyl]", "choices: [morphine]"),
        (CATHETER, "      - {after: 12h, tell: [nurse]}\n      - {after: 5d, tell: [clinician, lead]}\n"),
    ):
        assert old in found, old
        found = found.replace(old, new)
    return found


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def cohort(desk: Desk, enrolled: Callable[..., str], referral_told, someone, worker_store) -> dict[str, str]:
    """Twelve invented candidates at different places on the way, and one whose passage is over; by what they are."""
    who = {site: someone("coordinator", "clinician", site=site) for site in ("north", "south")}

    def at(name: str, site: str = "north") -> Asked:
        found[name] = enrolled(f"M-{name}", site=site, days=60)
        return Asked(person=who[site], episode=found[name])

    def adopted(name: str, stage: str, drug: str = "", duty: str = "", *, over: bool = False) -> Asked:
        trial = PriorTrial(
            method=Method.CATHETER if duty == "catheter_in" else Method.SINGLE_SHOT,
            drug=drug,
            started_at=ago(8),
            punctured_at=ago(2),
            ended_at=ago(1) if over else None,
            source="letter",
        )
        asked = at(name)
        duties = (RunningDuty(name=duty, since=ago(2)),) if duty else ()
        act.adopt(
            desk,
            asked,
            stage=stage,
            reason="letter",
            occurred_at=ago(8),
            trials=(trial,) if drug else (),
            duties=duties,
        )
        return asked

    found: dict[str, str] = {}
    at("referred")
    for name in ("screening", "held", "checked"):
        asked = at(name)
        referral_told(found[name])
        act.advance(desk, asked, name="accept_referral", occurred_at=ago(19))
        if name == "held":
            act.hold(desk, asked, reason="waiting_for_payer")
    act.adopt(desk, checked := at("bloods"), stage="contraindication_check", reason="letter", occurred_at=ago(8))
    platelets = Reading(item="platelets", observed_at=ago(1), number=Decimal(120), unit="10*9/L")
    inr = Reading(item="inr", observed_at=ago(1), number=Decimal("1.0"), unit="{INR}")
    act.record(desk, checked, readings=(platelets, inr))
    adopted("catheter", "catheter_trial", "morphine", "catheter_in")
    adopted("assessed", "response_assessment", "morphine")
    adopted("review", "case_review", "morphine")
    adopted("fentanyl", "case_review", "fentanyl")
    adopted("planned", "implant_planning", "morphine", over=True)
    adopted("pump", "follow_up", duty="pump_in_body")
    referral_told_south(desk, at("south", "south"))
    act.advance(desk, at("closed"), name="decline", reason="not_suitable")
    sweep(worker_store)
    return found


def referral_told_south(desk: Desk, asked: Asked) -> None:
    act.record(desk, asked, readings=(Reading(item="pain_origin", observed_at=ago(20), text="cancer"),))


@pytest.fixture
def move(desk: Desk, cohort: dict[str, str], database) -> Move:
    """From version 1 to version 2, which is published only once everybody stands under version 1."""
    store = open_store(database.migrate, database.key_file)
    after = people.publish(store, v2_text())
    store.close()
    before = migrating.published(desk.store, "opioid_trial@1")
    names = mapping(["case_review=board_review"], before, after)
    return Move(before=before, after=after, reason="new platelet line", by="clinician-1", names=names)


def everything(database) -> dict[str, object]:
    """How much of everything there is, and the seq, version and head of every episode."""
    engine = create_engine(database.migrate)
    with engine.connect() as connection:
        found: dict[str, object] = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in STATE}
        rows = connection.execute(text("SELECT id, seq, version, head, protocol, stage FROM episode ORDER BY id"))
        found["episodes"] = [tuple(row) for row in rows]
    engine.dispose()
    return found


def under(database, version: str) -> set[str]:
    engine = create_engine(database.migrate)
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT id FROM episode WHERE protocol = :v"), {"v": version})
        ids = {str(id_) for id_ in found}
    engine.dispose()
    return ids


def flaws(database) -> tuple[object, ...]:
    verify = open_store(database.verify, database.key_file)
    found = audit(verify).flaws
    verify.close()
    return found


def apply(desk: Desk, move: Move) -> tuple[list[Answer], list[Left]]:
    told = [*migrating.apply(desk, move)]
    return [one for one in told if isinstance(one, Answer)], [one for one in told if isinstance(one, Left)]


def seen(desk: Desk, move: Move, episode: str) -> Looked:
    return next(one for one in migrating.preview(desk, move) if one.episode == episode)


def test_the_preview_tells_every_open_episode_and_changes_nothing(desk: Desk, cohort, move: Move, database):
    before = everything(database)
    looked = [*migrating.preview(desk, move)]
    assert {one.episode for one in looked} == set(cohort.values()) - {cohort["closed"]}
    assert migrating.unsigned(desk, move) == ("south",)
    assert everything(database) == before


def test_the_preview_tells_the_gate_that_shuts(desk: Desk, cohort, move: Move):
    told = seen(desk, move, cohort["bloods"]).forecast
    assert {(s.way, s.gate, s.before, s.after) for s in told.gates} == {
        ("Approve a single-shot trial", "bloods", "open", "shut"),
        ("Approve a catheter trial", "bloods", "open", "shut"),
    }
    assert told.gates[0].because.startswith("Platelets: 120 10*9/L")


def test_everybody_goes_on_but_those_who_cannot(desk: Desk, cohort, move: Move, database):
    before = everything(database)["ledger"]
    done, left = apply(desk, move)
    assert {one.episode: one.because for one in left} == {
        cohort["fentanyl"]: "trial 1, under way, is of fentanyl, which opioid_trial@2 does not declare",
        cohort["south"]: "nobody to sign",
    }
    staying = {cohort[name] for name in ("fentanyl", "south", "closed")}
    assert under(database, "opioid_trial@1") == staying
    assert under(database, "opioid_trial@2") == {one.episode for one in done} == set(cohort.values()) - staying
    assert everything(database)["ledger"] == before + len(done)
    assert {(one.verb, one.actor, one.about["reason"]) for one in done} == {
        ("migrate", "clinician-1", "new platelet line")
    }
    assert flaws(database) == ()


def test_a_renamed_stage_a_moved_ladder_and_a_renamed_task(desk: Desk, cohort, move: Move, database):
    clock = seen(desk, move, cohort["catheter"]).forecast
    apply(desk, move)
    with desk.store.transaction(["north"]) as connection:
        stage = connection.scalar(text("SELECT stage FROM episode WHERE id = :id"), {"id": cohort["review"]})
        duty = connection.execute(
            text("SELECT r.rung, r.due_at, t.anchor_at FROM timer AS r JOIN task AS t USING (site_id, episode_id, key)"
                 " WHERE t.episode_id = :id AND t.name = 'catheter_in'"), {"id": cohort["catheter"]},
        ).one()  # fmt: skip
        work = connection.execute(
            text("SELECT name, state, closing FROM task WHERE episode_id = :id AND name LIKE '%inputs' ORDER BY name"),
            {"id": cohort["assessed"]},
        ).all()
    assert stage == "board_review"
    assert (duty.rung, duty.due_at) == (1, duty.anchor_at + timedelta(days=5))  # rung 1 was told after a day
    (shift,) = [shift for shift in clock.work if shift.duty]
    assert (shift.fate, shift.rung_before, shift.rung_after, shift.due_after) == ("moved", 1, 1, duty.due_at)
    assert [tuple(row) for row in work] == [
        ("collect_review_inputs", "cancelled", "opioid_trial@2 has no such task"),
        ("gather_review_inputs", "open", None),
    ]


def test_killed_halfway_it_goes_on_with_those_still_there(desk: Desk, cohort, move: Move, database):
    running = migrating.apply(desk, move)
    first = [next(running) for _ in range(4)]
    running.close()  # the process dies between two candidates
    done = {one.episode for one in first if isinstance(one, Answer)}
    assert under(database, "opioid_trial@2") == done
    assert 0 < len(done) < 10
    again, left = apply(desk, move)
    assert not done & {one.episode for one in again}
    assert under(database, "opioid_trial@2") == done | {one.episode for one in again}
    assert len(left) == 2
    assert flaws(database) == ()
    assert apply(desk, move) == ([], left)


def test_killed_inside_a_candidate_nothing_of_it_is_written(desk: Desk, cohort, move: Move, database, monkeypatch):
    real, calls = act.episodes.apply, []

    def dies(*arguments: object, **named: object) -> object:
        calls.append(1)
        found = real(*arguments, **named)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return found

    before = everything(database)
    with monkeypatch.context() as patched:
        patched.setattr(act.episodes, "apply", dies)
        with pytest.raises(KeyboardInterrupt):
            apply(desk, move)
    assert len(under(database, "opioid_trial@2")) == 2
    assert everything(database)["ledger"] == before["ledger"] + 2
    assert flaws(database) == ()
    apply(desk, move)
    assert len(under(database, "opioid_trial@2")) == 9 + 1
    assert flaws(database) == ()


def test_an_episode_that_changed_meanwhile_is_judged_again(desk: Desk, cohort, move: Move, someone):
    told = migrating.apply(desk, move)
    next(told)
    person = someone("coordinator", "clinician")
    drug = Reading(item="trial_drug", observed_at=ago(0.01), text="fentanyl")
    left = {one.episode for one in told if isinstance(one, Left)}
    assert cohort["planned"] not in left
    act.record(desk, Asked(person=person, episode=cohort["fentanyl"]), readings=(drug,))
    with pytest.raises(UnmappableError, match="fentanyl is not a possible value"):
        migrating.migrate(desk, Asked(person=someone("clinician"), episode=cohort["fentanyl"]), move=move)


def test_one_that_moved_or_closed_meanwhile_is_not_touched(desk: Desk, cohort, move: Move, someone, database):
    asked = Asked(person=someone("clinician"), episode=cohort["screening"])
    migrating.migrate(desk, asked, move=move)
    before = everything(database)
    for name in ("screening", "closed"):
        with pytest.raises(ImpossibleNowError, match="no longer open under opioid_trial@1"):
            migrating.migrate(desk, replace(asked, episode=cohort[name]), move=move)
    assert everything(database) == before


def test_a_row_somebody_else_holds_is_left_for_the_next_run(desk: Desk, cohort, move: Move):
    with desk.store.transaction(["north"]) as connection:
        connection.execute(text("SELECT 1 FROM episode WHERE id = :id FOR UPDATE"), {"id": cohort["review"]})
        _, left = apply(desk, move)
    assert {one.episode: one.because for one in left}[cohort["review"]] == "somebody is writing to it; run it again"
    done, _ = apply(desk, move)
    assert [one.episode for one in done] == [cohort["review"]]


@pytest.mark.parametrize("role", ["nurse", "coordinator", "implanter", "admin", "auditor", "service"])
def test_who_is_neither_clinician_nor_lead_signs_nothing(desk: Desk, cohort, move: Move, someone, role: str):
    with pytest.raises(NotPermittedError):
        migrating.migrate(desk, Asked(person=someone(role), episode=cohort["screening"]), move=move)
    assert set(migrating.unsigned(desk, replace(move, by=f"{role}-1"))) == {"north", "south"}


def test_somebody_of_both_sites_signs_for_both(desk: Desk, cohort, move: Move, database):
    store = open_store(database.migrate, database.key_file)
    people.add_role(store, site="south", person="clinician-1", role=Role.LEAD, starts_on=date(2020, 1, 1))
    store.close()
    _, left = apply(desk, move)
    assert [one.episode for one in left] == [cohort["fentanyl"]]


def test_a_closed_window_of_time_fires_under_the_new_ladder(desk: Desk, cohort, move: Move, worker_store, database):
    apply(desk, move)
    sweep(worker_store)
    assert flaws(database) == ()


@pytest.mark.parametrize(
    ("pair", "allowed"),
    [("case_review", "old=new"), ("nothing=board_review", "referred"), ("case_review=x", "referred")],
)
def test_a_map_names_what_there_is(move: Move, pair: str, allowed: str):
    with pytest.raises(ImpossibleInputError) as refused:
        mapping([pair], move.before, move.after)
    assert allowed in refused.value.allowed


# -- as it is typed


@pytest.fixture
def typed(database, monkeypatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("DATABASE_URL", database.app)
    monkeypatch.setenv("THECA_KEY_FILE", str(database.key_file))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.output

    return run


PAIR = ("opioid_trial@1", "opioid_trial@2", "--map", "case_review=board_review")


def test_the_words_show_what_matters(typed, cohort, move: Move, database):
    before = everything(database)
    code, out = typed("migrate", *PAIR, "--by", "clinician-1")
    assert code == 1
    assert everything(database) == before
    for part in (
        "opioid_trial@1 to opioid_trial@2: 12 open episodes",
        "gate Platelets and INR allow a puncture: open becomes shut: Platelets: 120 10*9/L",
        "Case review, from then on Board review",
        "stays: trial 1, under way, is of fentanyl, which opioid_trial@2 does not declare",
        "stays: nobody to sign at south",
        "task Collect rescue use, function, goal and tolerance: ends: opioid_trial@2 has no such task",
        "10 would go on under opioid_trial@2, 2 would stay. Nothing is done.",
    ):
        assert part in out, part
    assert re.search(r"duty Trial catheter in: goes on, rung 2 on .* becomes rung 2 on ", out)


def test_it_is_done_with_a_name_and_a_reason_only(typed, cohort, move: Move, database):
    assert typed("migrate", *PAIR, "--apply")[0] == 2
    code, out = typed("migrate", *PAIR, "--apply", "--by", "clinician-1", "--reason", "new platelet line")
    assert code == 1
    assert "10 go on under opioid_trial@2, 2 stay under opioid_trial@1" in out
    assert len(under(database, "opioid_trial@2")) == 10
    code, out = typed("migrate", *PAIR, "--json", "--by", "clinician-1")
    told = json.loads(out)
    assert code == 1
    assert {one["episode"] for one in told["episodes"]} == {cohort["fentanyl"], cohort["south"]}
    assert told["unsigned"] == ["south"]


def test_a_file_can_be_tried_before_it_is_published(typed, cohort, tmp_path: Path, database):
    file = tmp_path / "v2.yaml"
    file.write_text(v2_text())
    words = ("migrate", "opioid_trial@1", str(file), "--map", "case_review=board_review")
    assert typed(*words)[0] == 1
    assert typed(*words, "--apply", "--by", "clinician-1", "--reason", "x")[0] == 2
    assert typed("migrate", str(file), "opioid_trial@1")[0] == 2
    assert under(database, "opioid_trial@2") == set()


def test_published_versions_are_told_apart(typed, move: Move):
    code, out = typed("diff", "opioid_trial@1", "opioid_trial@2", "--for", "clinician")
    assert code == 0
    assert "Platelets: at least 100 10*9/L (common practice, site confirms; U) becomes Platelets: at least 150" in out
