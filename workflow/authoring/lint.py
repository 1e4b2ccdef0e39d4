"""What can be wrong with a protocol that reads well: the whole table of rules, and the one way to ask it."""

from collections.abc import Mapping

from workflow.authoring.dispensing import DISPENSING
from workflow.authoring.finding import Finding, FlawedProtocolError, Where
from workflow.authoring.pathway import PATHWAY
from workflow.authoring.printings import UNLISTED
from workflow.authoring.references import REFERENCES
from workflow.authoring.reminding import REMINDING
from workflow.authoring.rule import Rule, findings_of
from workflow.authoring.schema import Loaded, load
from workflow.domain.protocol import ProtocolVersion

RULES: tuple[Rule, ...] = (*REFERENCES, *PATHWAY, *DISPENSING, *REMINDING)


def lint(version: ProtocolVersion, where: Where | None = None) -> tuple[Finding, ...]:
    """Everything the rules find, in the order of the file. Where names dangle, only that is told."""
    where = where or Where(file=version.name)
    dangling = findings_of(REFERENCES, version, where)
    found = dangling or findings_of((*PATHWAY, *DISPENSING, *REMINDING), version, where)
    return tuple(sorted(found, key=lambda finding: (finding.place.line, finding.code, finding.place.path)))


def examine(text: str | bytes, name: str, *, printed: Mapping[str, str] = UNLISTED) -> Loaded:
    """Read a file and lint it: `version` is there whenever the file reads well, with whatever the lint finds."""
    loaded = load(text, name, printed=printed)
    if loaded.version is None:
        return loaded
    return Loaded(where=loaded.where, version=loaded.version, findings=lint(loaded.version, loaded.where))


def publishable(text: str | bytes, *, name: str = "protocol", printed: Mapping[str, str] = UNLISTED) -> ProtocolVersion:
    """The version a file describes, if it may be published: it reads well, and the lint finds no error.

    Raises FlawedProtocolError (a ProtocolError) with every error.
    """
    examined = examine(text, name, printed=printed)
    errors = tuple(finding for finding in examined.findings if finding.is_error)
    if errors or examined.version is None:
        raise FlawedProtocolError(*errors)
    return examined.version
