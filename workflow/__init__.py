"""Theca: a workflow engine for the trial phase of intrathecal drug delivery."""

__version__ = "0.1.0"
