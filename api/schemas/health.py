"""What is told of health."""

from api.schemas.kinds import Wire, example


class LookedOut(Wire):
    """One thing looked at: whether it is well, what was seen, and what to do where it is not."""

    model_config = example(what="tick", well=True, shown="2 s ago", remedy="")

    what: str
    well: bool
    shown: str
    remedy: str = ""


class ReadyOut(Wire):
    """Whether time is kept. `ready` is false where reminders do not flow or the database has another shape."""

    model_config = example(status="ready", findings=[{"what": "tick", "well": True, "shown": "2 s ago"}])

    status: str
    findings: tuple[LookedOut, ...]


class UpOut(Wire):
    """That the process answers."""

    model_config = example(status="up")

    status: str
