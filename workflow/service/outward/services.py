"""Whatever the library apprise reaches, where it is installed: `pip install theca[apprise]`.

Its URLs may lead anywhere, into the house's own network too: only an administrator sets them, on the machine.
"""

import logging
from typing import TYPE_CHECKING

from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError
from workflow.service.letters import Letter, TryLaterError, UndeliverableError

if TYPE_CHECKING:
    from types import ModuleType

WAIT = 15  # seconds; HOUSE (D)

apprise: "ModuleType | None"
try:
    import apprise
except ImportError:
    apprise = None

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log an address it cannot read, with what is secret


class Services:
    """Sends through apprise. Its answer is yes or no, and no may mean anything: it is tried again."""

    def send(self, letter: Letter) -> None:
        """Hand one letter to the service its address names. Raises UndeliverableError or TryLaterError."""
        if apprise is None:
            raise UndeliverableError("apprise is not installed here")
        service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Theca", storage_mode="memory"))
        if not service.add(letter.to):
            raise UndeliverableError("apprise knows no such service")
        if not service.notify(body=letter.body, title=letter.subject, body_format="text", timeout=WAIT):
            raise TryLaterError("the service did not take it")


def check(url: str) -> None:
    """Refuse a URL apprise cannot read. Raises ImpossibleNowError where apprise is not installed."""
    if apprise is None:
        raise ImpossibleNowError("apprise is not installed here", allowed="pip install theca[apprise]")
    if not url.isprintable() or not apprise.Apprise().add(url):
        raise ImpossibleInputError("apprise knows no such service", place="url", allowed="a URL as apprise writes it")
