"""What goes wrong when servers are to start."""


class EnginesError(Exception):
    """The embedded servers cannot run here; the message is one line that says why and what helps."""
