"""How progress on a video is handed down."""

from collections.abc import Callable
from typing import TypeAlias

# Notified with the frames that are done and those there are; None where that is not known.
FrameProgress: TypeAlias = Callable[[int, int | None], None]
