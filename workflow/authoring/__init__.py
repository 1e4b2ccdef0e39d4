"""How a protocol is read: text -> plain tree -> checked ProtocolVersion -> lint, drawing, page."""

from workflow.authoring.lint import examine, lint, publishable
from workflow.authoring.schema import Loaded, load, read

__all__ = ["Loaded", "examine", "lint", "load", "publishable", "read"]
