"""The command line as data: every verb with its commands, arguments and options, as typer builds them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer.main

from workflow.cli.__main__ import VERBS

_COMPLETION = {"install_completion", "show_completion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One argument or option as it is typed, with what it means."""

    typed: str
    names: tuple[str, ...]  # of an option; empty for an argument
    takes_value: bool
    required: bool
    many: bool
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that can be typed after `theca`."""

    name: str  # "protocol lint"
    told: str
    words: tuple[Word, ...]


def commands() -> dict[str, Command]:
    """Every command by its name, in the order `theca --help` lists its verb."""
    found = {}
    for verb, (module, app, _) in VERBS.items():
        built = typer.main.get_command(getattr(import_module(f"workflow.cli.{module}"), app))
        found |= {command.name: command for command in _commands(verb, built)}
    return found


def verbs_page(known: Mapping[str, Command]) -> str:
    """All commands on one page."""
    parts = [_HEAD]
    for verb, (_, _, what) in VERBS.items():
        parts.append(f"## theca {verb}\n\n{what[0].upper()}{what[1:]}.\n")
        parts += [_section(command) for name, command in known.items() if name.split()[0] == verb]
    return "\n".join(parts)


_HEAD = """\
# The command line

Generated from the commands themselves; `theca VERB --help` prints the same. Exit codes: 0 sound or done, 1 broken or
refused, 2 bad usage, 3 could not check.

With `DATABASE_URL` set, verbs use that database; without it they use the embedded servers: those that run, or servers
started for the verb's own duration.
"""


def _commands(name: str, built: Any) -> Iterator[Command]:
    """The command itself, or those of a group."""
    if hasattr(built, "commands"):
        for sub, inner in built.commands.items():
            yield from _commands(f"{name} {sub}", inner)
    else:
        words = tuple(_word(one) for one in built.params if one.name not in _COMPLETION)
        yield Command(name=name, told=(built.help or "").strip(), words=words)


def _word(one: Any) -> Word:
    many = getattr(one, "multiple", False) or one.nargs == -1
    told = getattr(one, "help", None) or ""
    if one.param_type_name == "argument":
        name = one.name.upper()
        typed = f"{name}..." if many else name
        return Word(typed=typed, names=(), takes_value=True, required=one.required, many=many, told=told)
    value = "" if one.is_flag else f" {one.name.upper()}"
    names = (*one.opts, *one.secondary_opts)
    typed = f"{one.opts[-1]}{value}"
    told += f" (or `{one.envvar}`)" if one.envvar else _default(one)
    required = one.required and not one.envvar
    return Word(typed=typed, names=names, takes_value=not one.is_flag, required=required, many=many, told=told)


def _default(one: Any) -> str:
    shown = one.default
    if one.is_flag or one.required or one.multiple or shown is None or callable(shown) or shown == "":
        return ""
    return f" (default `{shown}`)"


def _section(command: Command) -> str:
    needed = [word.typed if word.required else f"[{word.typed}]" for word in command.words]
    usage = " ".join(["theca", command.name, *needed])
    lines = [f"### `{usage}`", "", command.told, ""]
    told = [f"- `{word.typed}`: {word.told.strip()}" for word in command.words if word.told.strip()]
    return "\n".join([*lines, *told, ""] if told else lines)
