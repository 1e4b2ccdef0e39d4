"""Every route and every command names its verb; one that does not never comes as far as a release."""

import ast
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.asks import Open, UnnamedVerbError, asks, check, named_by, open_to_all
from api.door import Door, resource
from tests.architecture.source import ROOT, calls, functions, modules
from tests.docs.authority_page import authority_page
from tests.docs.commands import commands
from tests.docs.nowhere import nowhere
from workflow.cli.__main__ import VERBS
from workflow.cli.authority import COMMANDS, As, Name
from workflow.domain.policy import ON_THE_MACHINE, POLICY, Verb, who_may


def _free() -> str:
    return "for anybody"


def test_a_route_that_names_no_verb_is_not_declared() -> None:
    router = resource("test")
    with pytest.raises(UnnamedVerbError, match=r"_free names no verb"):
        router.get("/free")(_free)


def test_an_application_with_a_route_of_no_verb_does_not_start() -> None:
    for router, endpoint in (
        (APIRouter(), _free),
        (APIRouter(), asks(Verb.READ)(lambda: "outside the door")),
        (resource("test"), open_to_all("it is behind the door all the same")(lambda: "")),
    ):
        made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        with pytest.raises(UnnamedVerbError):
            _started(made, router, endpoint)


def _started(made: FastAPI, router: APIRouter, endpoint: object) -> None:
    router.get("/free")(endpoint)  # type: ignore[arg-type]
    made.include_router(router)
    check(made, Door)


def test_what_is_open_to_all_says_why_and_is_little() -> None:
    found = {
        context.path: named
        for context in iter_route_contexts(create_app(nowhere()).routes)
        if isinstance(context.original_route, APIRoute)
        if isinstance(named := named_by(context.original_route.endpoint), Open)
    }
    links = {"/a/{token}", "/a/{token}/{choice}", "/e/{episode}", "/static/theca.css"}
    entrances = {"/sessions", "/sessions/pin", "/sessions/oidc", "/passwords", "/tablets"}
    before = {f"/api/v1{path}" for path in entrances} | {"/sign-in/came-back"}
    assert set(found) == {"/healthz", "/readyz", *links, *before}
    assert [path for path, named in found.items() if len(named.why) < 20] == []


def test_every_command_has_its_authority_and_no_other_has() -> None:
    assert set(COMMANDS) == set(commands())


def test_whoever_is_named_may_and_the_machine_does_only_what_is_the_machines() -> None:
    for name, authority in COMMANDS.items():
        if authority.name is Name.NOBODY:
            assert (authority.verb, authority.roles) == (None, ()), name
        else:
            assert authority.verb is not None, name
            able = who_may(authority.verb) if authority.name is Name.BEARER else authority.verb in ON_THE_MACHINE
            assert able, name


OPENS = {"admin": As.MIGRATE, "desk": As.APP, "worker": As.WORKER, "verify": As.VERIFY} | {
    "backup_url": As.BACKUP,
    "admin_url": As.MIGRATE,
}


def _opened(module: str) -> set[As]:
    """The database roles a module of commands takes from the ground it stands on."""
    tree = modules()[f"workflow/cli/{module}.py"]
    return {
        OPENS[word] for called, _ in calls(tree) if (word := called.removeprefix("here.")) in OPENS and "." in called
    }


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("demo", "up", "db")])
def test_a_command_opens_the_database_as_it_says_it_does(verb: str) -> None:
    module = VERBS[verb][0]
    said = {role for each in VERBS if VERBS[each][0] == module for role in _said(each)}
    beside = _opened("changing") if module == "protocol" else set()
    assert _opened(module) | beside == said


def _said(verb: str) -> Iterator[As]:
    for name, authority in COMMANDS.items():
        if name.split()[0] == verb:
            yield from authority.roles


def test_a_command_in_somebodys_name_asks_whose() -> None:
    for verb, (module, _, _) in VERBS.items():
        if verb in ("demo", "up"):
            continue
        named = {authority.name for name, authority in COMMANDS.items() if name.split()[0] == verb}
        asking = any(called == "asking" for called, _ in calls(modules()[f"workflow/cli/{module}.py"]))
        assert (Name.BEARER in named) <= asking, verb


def test_every_verb_of_the_table_is_asked_for_or_kept_for_what_comes() -> None:
    routed = {
        named_by(context.original_route.endpoint)
        for context in iter_route_contexts(create_app(nowhere()).routes)
        if isinstance(context.original_route, APIRoute)
    }
    typed = {authority.verb for authority in COMMANDS.values()}
    beside = {Verb.JUDGE, Verb.SIGN, Verb.ERASE, Verb.BACKUP}
    assert set(POLICY) - routed - typed <= beside


def test_the_page_of_authority_tells_every_verb_route_and_command() -> None:
    page = authority_page()
    assert (ROOT / "docs" / "authority.md").read_text(encoding="utf-8") == page
    assert [verb for verb in Verb if f"`{verb}`" not in page] == []
    assert [name for name in COMMANDS if f"`theca {name}`" not in page] == []


def test_the_door_asks_before_a_byte_is_read() -> None:
    tree = modules()["api/door.py"]
    enter = next(node for node in functions(tree) if node.name == "enter")
    said = ast.unparse(enter)
    assert said.index("recognise") < said.index("let_in") < said.index("_hear")
