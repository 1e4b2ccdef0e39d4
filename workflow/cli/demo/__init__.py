"""theca demo: invented candidates walk the pathway through the real parts, over HTTP and the command line only."""

from workflow.cli.demo.command import app

__all__ = ["app"]
