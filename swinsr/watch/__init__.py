"""A folder watched: pictures that arrive are done once, each when it is whole."""

from swinsr.watch.settings import WatchSettings

__all__ = ["WatchSettings"]
