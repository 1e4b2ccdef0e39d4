"""A written walk: one invented candidate, step by step through the real kernel, in memory and on a virtual clock."""

from workflow.authoring.walk.play import Account, play
from workflow.authoring.walk.read import LoadedWalk, load_walk

__all__ = ["Account", "LoadedWalk", "load_walk", "play"]
