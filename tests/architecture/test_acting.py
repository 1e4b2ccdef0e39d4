"""Nobody acts anonymously, nothing is allowed by default, and nothing changes but through a decision."""

import ast
import inspect
from collections.abc import Callable
from importlib import import_module

import pytest
from sqlalchemy import Connection

from tests.architecture.source import ROOT, calls, functions, modules, named
from workflow.domain.actor import Actor, Role
from workflow.domain.decision import Entry
from workflow.domain.policy import POLICY, Verb, permits
from workflow.domain.situation import Situation
from workflow.service import administration
from workflow.service.act import Asked
from workflow.service.administration import Post
from workflow.service.answer import Answer
from workflow.store.staff import Person

# Sites and people are set up on the machine by whoever holds theca_migrate's password; no candidate is touched.
SET_UP_ON_THE_MACHINE = {"people"}
# In an administrator's name; each function of it takes the post from which somebody administers.
ADMINISTERED = {"administration"}
SERVICES = sorted(path.stem for path in (ROOT / "workflow" / "service").glob("[a-z]*.py"))


def doors() -> dict[str, Callable[..., object]]:
    """The public functions of the service floor that answer with a decision."""
    found = {}
    for name in SERVICES:
        module = import_module(f"workflow.service.{name}")
        for told, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not told.startswith("_")
            if own and inspect.signature(function).return_annotation is Answer:
                found[f"{name}.{told}"] = function
    return found


def test_there_is_a_door_for_every_verb_that_changes_something_of_a_candidate() -> None:
    looking = {Verb.SELF, Verb.READ, Verb.READ_LEDGER, Verb.READ_PEOPLE}
    around = {Verb.SET_PARAMETER, Verb.ROSTER, Verb.MANAGE, Verb.PUBLISH, Verb.BACKUP, Verb.VERIFY, Verb.OPERATE}
    with_another = {Verb.JUDGE, Verb.SIGN, Verb.ERASE}  # asked beside what is recorded, signed or destroyed
    others = looking | around | with_another
    told = {name.partition(".")[2] for name in doors()}
    assert {str(verb) for verb in set(Verb) - others} <= told


@pytest.mark.parametrize("name", [name for name in doors() if name not in {"answer.told", "answer.retold"}])
def test_a_door_is_opened_by_somebody(name: str) -> None:
    parameters = inspect.signature(doors()[name]).parameters.values()
    asking = [one for one in parameters if one.annotation in (Asked, Person)]
    assert len(asking) == 1
    assert asking[0].default is inspect.Parameter.empty


@pytest.mark.parametrize("of", [Situation, Entry, Asked])
def test_what_a_decision_is_made_of_names_its_actor(of: type) -> None:
    needed = {n for n, one in inspect.signature(of).parameters.items() if one.default is inspect.Parameter.empty}
    assert needed & {"actor", "person"}


def test_decisions_are_written_from_five_places_only() -> None:
    """A person acts or enrols, time passes, a calendar changes, a letter dies. Nothing else writes by itself."""
    found = {
        f"{where}:{function.name}"
        for where, tree in modules().items()
        for function in functions(tree)
        for called, _ in calls(function)
        if called.endswith("episodes.apply")
    }
    assert found == {
        "workflow/service/act.py:_perform",
        "workflow/service/enrol.py:_enrol",
        "workflow/service/fire.py:_fire",
        "workflow/service/recalendar.py:_put",
        "workflow/service/undelivered.py:upon",
    }


def test_only_setting_up_writes_without_a_person() -> None:
    writes = {"add_site", "add_person", "add_role", "add_token", "add_closure", "set_habits", "publish"}
    found = {
        where.rpartition("/")[2].removesuffix(".py")
        for where, tree in modules().items()
        if where.startswith("workflow/service/")
        if named(tree) & writes
    }
    assert found == SET_UP_ON_THE_MACHINE | ADMINISTERED
    for function in vars(administration).values():
        if inspect.isfunction(function) and function.__module__ == administration.__name__:
            first = next(iter(inspect.signature(function).parameters.values())).annotation
            assert first in (Post, Connection), function.__name__


def test_only_the_policy_names_roles() -> None:
    """A role in a condition is a policy of its own; who is told of something is another matter."""
    telling = {
        "workflow/authoring/build_own.py",
        "workflow/authoring/reminding.py",
        "workflow/authoring/simulate/candidate.py",
        "workflow/authoring/simulate/clinic.py",
        "workflow/authoring/walk/play.py",
        "workflow/domain/decide/undelivered.py",
        "workflow/domain/roster.py",
    }
    found = {
        where
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Role" and node.attr.isupper()
    }
    assert found - telling == {"workflow/domain/policy.py"}


def test_every_verb_is_in_the_policy_and_nothing_is_allowed_by_default() -> None:
    assert set(POLICY) == set(Verb)
    nobody = Actor(id="nobody")
    assert [verb for verb in Verb if permits(nobody, verb)] == []


@pytest.mark.parametrize(
    ("role", "never"),
    [
        (Role.ADMIN, set(Verb) - {Verb.MANAGE, Verb.ROSTER, Verb.READ_PEOPLE}),
        (Role.SIGNER, set(Verb) - {Verb.SIGN, Verb.READ, Verb.READ_PEOPLE}),
        (Role.AUDITOR, set(Verb) - {Verb.READ, Verb.READ_LEDGER, Verb.READ_PEOPLE}),
        (Role.SERVICE, {Verb.ADVANCE, Verb.ADMINISTER, Verb.OVERRIDE, Verb.DEVIATE, Verb.SIGN, Verb.MANAGE}),
        (Role.COORDINATOR, {Verb.SIGN, Verb.OVERRIDE, Verb.DEVIATE, Verb.ADMINISTER, Verb.MANAGE}),
        (Role.NURSE, {Verb.SIGN, Verb.OVERRIDE, Verb.DEVIATE, Verb.ENROL, Verb.HOLD, Verb.ROSTER, Verb.MANAGE}),
    ],
)
def test_what_a_role_may_never_do(role: Role, never: set[Verb]) -> None:
    actor = Actor(id="one", roles=frozenset({role}))
    assert [verb for verb in never if permits(actor, verb)] == []
