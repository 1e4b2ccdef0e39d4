"""`theca`: reads one table of verbs, and loads only the one that is asked for."""

import sys
from importlib import import_module

from workflow import __version__

# verb: (module, its typer app, what it does)
VERBS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "app", "start everything and watch invented candidates walk the pathway"),
    "up": ("up", "app", "start everything on the embedded servers and keep it running"),
    "doctor": ("doctor", "app", "is it well, and is everything as it says (--invariants)"),
    "protocol": ("protocol", "app", "lint, prove, try, draw or compare protocol files; publish one"),
    "simulate": ("simulate", "app", "let many invented candidates walk a protocol file, in memory"),
    "import": ("intake", "imports", "take referrals or pain diaries from CSV"),
    "adopt": ("intake", "adopts", "take over a candidate at the stage they really are in"),
    "backlog": ("late", "backlogs", "what arrived overdue with an import, and waits for a release"),
    "outages": ("late", "outages", "what outages delayed, and what became of it"),
    "sweep": ("work", "sweeps", "fire what is due, once"),
    "why": ("work", "whys", "why is this candidate not moving"),
    "huddle": ("work", "huddles", "what harms at a site if nobody acts today"),
    "ledger": ("ledger", "app", "print, export and verify the ledger; sign how far it has come"),
    "backup": ("backup", "backups", "write everything but the keys into a new folder"),
    "restore": ("backup", "restores", "bring a backup back, and hold it against the checkpoints"),
    "relay": ("relay", "app", "after a restore: what may leave again, and what waits for a person"),
    "erase": ("erase", "app", "erase everything known of a candidate: one proposes, another agrees"),
    "notify": ("notify", "app", "send a person a test letter on each of their channels"),
    "db": ("db", "app", "make a key file, create roles, upgrade the database"),
    "site": ("places", "sites", "add a site, or set its own value of a parameter"),
    "staff": ("people", "staffs", "add a person, set a password, let somebody leave"),
    "calendar": ("places", "calendars", "the days on which a site is closed"),
    "roster": ("rota", "rosters", "who works at a site, is away, stands in, is on call"),
    "token": ("people", "tokens", "make, list or revoke a bearer token"),
    "session": ("signed", "sessions", "who is signed in; sign somebody out"),
    "tablet": ("signed", "tablets", "the ward's tablets"),
}


def main() -> None:
    """Run one verb. Exit 0 sound or done, 1 broken or refused, 2 bad usage, 3 could not check."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if asked in ("--version", "-V"):
        print(f"theca {__version__}")
    elif asked in ("--help", "-h"):
        print(usage())
    elif asked not in VERBS:
        print(f"theca: no verb {asked!r}\n\n{usage()}", file=sys.stderr)
        sys.exit(2)
    else:
        module, app, _ = VERBS[asked]
        sys.argv = [f"theca {asked}", *sys.argv[2:]]
        getattr(import_module(f"workflow.cli.{module}"), app)()


def usage() -> str:
    """The verbs, a line each."""
    lines = [f"  {verb:<10} {what}" for verb, (_, _, what) in VERBS.items()]
    return "\n".join(["theca VERB [OPTION ...]   (theca VERB --help tells more)", "", *lines])


if __name__ == "__main__":
    main()
