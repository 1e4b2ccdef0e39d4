"""In a walk people sign what they are shown: nobody has a password there, and the kernel asks for none."""

from collections.abc import Callable

from workflow.domain.errors import TroubleError
from workflow.domain.signature import Confirmed, Matter, Signing
from workflow.domain.situation import Situation


def signs(s: Situation, shown: Callable[[], Matter | None]) -> Signing | None:
    """The actor's signature on what is shown; None where none is wanted, or where the step itself cannot be."""
    try:
        wanted = shown()
    except TroubleError:  # the step says so itself
        return None
    if wanted is None:
        return None
    return Signing(printed=s.actor.id, digest=wanted.digest, confirmed=Confirmed.WITH_PASSWORD)
