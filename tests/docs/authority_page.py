"""docs/authority.md: who may do what, as tables a clinician can read, from the policy, the routes and the commands."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.asks import named_by
from api.document import describe
from tests.docs.nowhere import nowhere
from workflow.cli.authority import COMMANDS
from workflow.domain.actor import Role
from workflow.domain.policy import ON_THE_MACHINE, POLICY, Relation, Verb, who_may
from workflow.store.outside import OUTSIDE

sys.path.insert(0, str(Path(__file__).parents[1] / "api"))

from matrix import people, summary

_MARKS = {Relation.HERE: "●", Relation.OWN: "own", Relation.OTHERS: "others'"}
_HEAD = """\
# Who may do what

Generated from the policy table, the interface and the commands; the tests hold the application to it. What does not
stand here is refused.

● at a site where one holds the role. *own*: about oneself (one's own absence, one's own sign-in). *others'*: another
person's work or word too: to complete or hand over another's task, to log what another said. Nobody is their own second
person, whatever roles they hold, and nobody manages themselves.

At a site where one holds no role nothing exists: 404, whatever one may do elsewhere. At one's own site, what one's
roles do not carry is 403. A protocol's transitions narrow this further, and answer as a shut gate. Whoever is signed in
without any role has `self` and nothing else. A signing clinician is a physician (clinician, implanter); whom the site
names beside them gets the role signer.
"""


def authority_page() -> str:
    """The whole page."""
    described = describe(create_app(nowhere()))
    parts = [
        _HEAD,
        _section("Roles and verbs", "", _policy()),
        _section("Routes", "", _routes()),
        _section("Commands", _COMMANDS, _commands()),
        _section("Tables without row security", _TABLES, _tables()),
        _section("The matrix", _matrix_said(describe_counts=summary(described)), []),
    ]
    return "\n".join(parts).rstrip() + "\n"


_COMMANDS = (
    "*bearer*: in the name of whoever THECA_TOKEN stands for, by their roles. *machine*: whoever holds the key file\n"
    "and the database's password. *nobody*: files only."
)
_TABLES = "Every other table is row-secured, forced on its owner too, and empty for whoever names no site."


def _section(title: str, said: str, lines: list[str]) -> str:
    return "\n".join([f"## {title}", "", *([said, ""] if said else []), *lines, *([""] if lines else [])])


def _policy() -> list[str]:
    head = ["| verb | " + " | ".join(Role) + " | machine |", "|---|" + "---|" * (len(Role) + 1)]
    return [*head, *(_verb(verb) for verb in POLICY)]


def _verb(verb: Verb) -> str:
    cells = [" ".join(_marks(verb, role)) for role in Role]
    return f"| `{verb}` | {' | '.join(cells)} | {'●' if verb in ON_THE_MACHINE else ''} |"


def _marks(verb: Verb, role: Role) -> Iterator[str]:
    return (mark for relation, mark in _MARKS.items() if role in who_may(verb, relation))


def _routes() -> list[str]:
    found = sorted(
        (context.path or "", min(route.methods or ()), named_by(route.endpoint))
        for context in iter_route_contexts(create_app(nowhere()).routes)
        if isinstance(route := context.original_route, APIRoute)
    )
    lines = [
        f"| `{method} {path}` | {f'`{asked}`' if isinstance(asked, Verb) else f'open: {asked.why}'} |"
        for path, method, asked in found
    ]
    return ["| route | asks for |", "|---|---|", *lines]


def _commands() -> list[str]:
    lines = [
        f"| `theca {name}` | {f'`{one.verb}`' if one.verb else ''} | {one.name} | {', '.join(one.roles)} |"
        for name, one in COMMANDS.items()
    ]
    return ["| command | verb | in whose name | database role |", "|---|---|---|---|", *lines]


def _tables() -> list[str]:
    return ["| table | why |", "|---|---|", *(f"| `{name}` | {why} |" for name, why in OUTSIDE.items())]


def _matrix_said(*, describe_counts: dict[str, int]) -> str:
    counts = describe_counts
    whole = sum(counts.values())
    kinds = "; ".join(dict.fromkeys(one.kind for one in people()))
    return f"""\
`tests/api/test_http_matrix.py` asks every square of it with real objects, and fails at the first answer that differs.
{whole} squares: {counts["allowed"]} heard, {counts["401"]} unknown (401), {counts["403"]} refused (403),
{counts["404"]} elsewhere (404), {counts["405"]} of a method the path has not (405).

{fill(f"Who asks, {len(people())} of them: {kinds}.", 118)}"""
