"""How trouble is told."""

from api.schemas.gates import GateOut
from api.schemas.health import LookedOut
from api.schemas.kinds import Wire, example


class FlawOut(Wire):
    """One thing that is wrong with what was sent."""

    model_config = example(place="[0].value", because="a JSON number or text is asked for", allowed="like 7")

    place: str
    because: str
    allowed: str | None = None


class Problem(Wire):
    """Why something was not done. `code` is stable; `gates` come with `refused`, `findings` with `not_ready`."""

    model_config = example(
        type="about:blank",
        title="Unprocessable Content",
        status=422,
        code="impossible_value",
        detail="Pain score (NRS): 11 is not possible",
        place="[0].nrs",
        allowed="a number 0 to 10 {score}, 0 decimals",
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    place: str | None = None
    allowed: str | None = None
    flaws: tuple[FlawOut, ...] | None = None
    episode: str | None = None
    version: int | None = None
    seq: int | None = None
    gates: tuple[GateOut, ...] | None = None
    findings: tuple[LookedOut, ...] | None = None
