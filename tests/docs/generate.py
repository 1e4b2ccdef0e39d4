"""Writes the pages that come from the code, or says where they differ: `python -m tests.docs.generate [--check]`."""

import difflib
import json
import sys
from pathlib import Path

from api.app import create_app
from api.document import describe
from tests.docs.authority_page import authority_page
from tests.docs.commands import commands, verbs_page
from tests.docs.compliance_page import compliance_page
from tests.docs.hazards_page import hazards_page
from tests.docs.nowhere import nowhere
from tests.docs.spec_page import spec_section
from tests.docs.vectors import vectors_json, vectors_page
from workflow.authoring import read
from workflow.authoring.draw import draw
from workflow.authoring.editor_schema import PLACE, schema_text
from workflow.authoring.lint_page import lint_page
from workflow.authoring.outline import outline
from workflow.settings import Settings

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write what differs, or with --check only show it. Answers 1 where --check found a difference."""
    differing = {place: text for place, text in pages().items() if _kept(place) != text}
    if "--check" in sys.argv[1:]:
        for place, text in differing.items():
            sys.stdout.writelines(_difference(place, text))
        return 1 if differing else 0
    for place, text in differing.items():
        path = ROOT / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {place}")
    return 0


def pages() -> dict[str, str]:
    """Every page that is generated, whole or in part, by its place: as it should read."""
    found = {
        "README.md": filled("README.md", "settings", settings_table()),
        "docs/compliance.md": compliance_page(),
        "docs/hazards.md": hazards_page(),
        "docs/ledger.md": filled("docs/ledger.md", "vectors", vectors_page()),
        "docs/authority.md": authority_page(),
        "docs/ledger-vectors.json": vectors_json(),
        "docs/lint/README.md": lint_page(),
        "docs/openapi.json": openapi_json(),
        "docs/verbs.md": verbs_page(commands()),
        PLACE: schema_text(),
    }
    return found | protocol_pages()


def protocol_pages() -> dict[str, str]:
    """A drawing and a page of each protocol version; the newest one's says what is tested."""
    versions = [read(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "protocols").glob("*/v*.yaml"))]
    newest = {version.key: version for version in sorted(versions, key=lambda version: version.number)}
    found = {f"docs/protocols/{version.name}.svg": draw(version) for version in versions}
    for version in versions:
        tested = spec_section(version.key) if version is newest[version.key] else ""
        found[f"docs/protocols/{version.name}.md"] = outline(version) + tested
    return found


def settings_table() -> str:
    """Every setting, from the class that reads them."""
    rows = [
        f"| `{name.upper()}` | {f'`{field.default}`' if field.default not in ('', None) else ''} "
        f"| {field.description or ''} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def filled(place: str, name: str, text: str) -> str:
    """A hand-written page with the part between its two markers replaced."""
    begin, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
    before, opened, rest = _kept(place).partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"{place} has no place for {name}")
    return f"{before}{begin}\n{text.strip()}\n\n{closed}{after}"


def openapi_json() -> str:
    """The HTTP interface's own description, one key a line so that a change can be read. No database is asked."""
    described = describe(create_app(nowhere()))
    return json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _kept(place: str) -> str:
    path = ROOT / place
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _difference(place: str, text: str) -> list[str]:
    kept, wanted = _kept(place).splitlines(keepends=True), text.splitlines(keepends=True)
    return list(difflib.unified_diff(kept, wanted, fromfile=place, tofile=f"{place} (as it should be)"))


if __name__ == "__main__":
    sys.exit(main())
