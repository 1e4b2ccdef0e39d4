"""What the door itself refuses, beside what the domain does: these branches grow on the tree of domain errors."""

from workflow.domain.errors import ImpossibleInputError, TroubleError


class NotSignedInError(TroubleError):
    """A session or a bearer token is needed, and this is none that stands."""

    code = "not_signed_in"


class CsrfError(TroubleError):
    """This does not come from a page of ours: send the session's token in X-CSRF-Token."""

    code = "csrf"


class UnreadableError(ImpossibleInputError):
    """The body cannot be read."""

    code = "unreadable"


class WrongTypeError(TroubleError):
    """The body is not sent as application/json."""

    code = "wrong_content_type"


class TooLargeError(TroubleError):
    """The body is too large."""

    code = "too_large"


class TooSlowError(TroubleError):
    """The body did not arrive in time."""

    code = "too_slow"


class NoVersionError(TroubleError):
    """Say in If-Match which version of the record you saw."""

    code = "version_missing"
