"""Every way a request can fail, as one tree.

TroubleError
├── ImpossibleInputError     what was sent cannot be true or cannot be read        (HTTP 422)
│   ├── ImpossibleValueError     a value outside what its item allows
│   ├── ImpossibleTimeError      a time in the future, before birth, or before the stint began
│   └── UnknownNameError         an item, transition, task or stage the protocol does not declare
├── NotPermittedError        the policy does not let this person use this verb     (403)
├── NotFoundError            no such thing, or not at one of your sites            (404)
├── IdentityConflictError    the same record number with another birth date        (409)
├── ImpossibleNowError       true input that does not fit what already stands      (409)
├── StaleError               the page you acted on is no longer how things are     (412)
├── KeyReusedError           the same idempotency key with another body            (422)
├── ProtocolError            a protocol file that cannot be trusted                (exit 1)
└── UnsoundError             an invariant does not hold: the record is frozen      (503)
"""


class TroubleError(Exception):
    """Something could not be done.

    `said` is what somebody said that cannot be: `detail` repeats it to whoever reads along on the machine, `plain` does
    not, and is all that leaves it.
    """

    code = "trouble"

    def __init__(self, detail: str = "", *, place: str = "", allowed: str = "", said: str | None = None) -> None:
        self.plain = detail or (self.__class__.__doc__ or "").splitlines()[0]
        self.detail = self.plain if said is None else f"{self.plain}: {said!r}"
        self.place = place
        self.allowed = allowed
        super().__init__(self.detail)


class ImpossibleInputError(TroubleError):
    """What was sent cannot be true or cannot be read."""

    code = "impossible_input"


class ImpossibleValueError(ImpossibleInputError):
    """The value is outside what this item allows."""

    code = "impossible_value"


class ImpossibleTimeError(ImpossibleInputError):
    """The time lies in the future, before birth, or before this stay began."""

    code = "impossible_time"


class UnknownNameError(ImpossibleInputError):
    """The protocol declares nothing of this name."""

    code = "unknown_name"


class NotPermittedError(TroubleError):
    """Your role does not allow this."""

    code = "not_permitted"


class NotFoundError(TroubleError):
    """There is no such thing at your sites."""

    code = "not_found"


class IdentityConflictError(TroubleError):
    """This record number is known with another birth date."""

    code = "identity_conflict"


class ImpossibleNowError(TroubleError):
    """This does not fit what already stands."""

    code = "impossible_now"


class StaleError(TroubleError):
    """The candidate's record has changed since you looked."""

    code = "stale"


class KeyReusedError(TroubleError):
    """This idempotency key was used with another body."""

    code = "key_reused"


class ProtocolError(TroubleError):
    """The protocol file cannot be trusted."""

    code = "protocol_error"


class UnsoundError(TroubleError):
    """A record does not agree with its ledger; it is left untouched."""

    code = "unsound"
