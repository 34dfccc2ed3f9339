"""What is asked of a watched folder, beyond what is done to each picture."""

from dataclasses import dataclass
from pathlib import Path

from swinsr.errors import ConfigError


@dataclass(frozen=True)
class WatchSettings:
    """How a folder is watched.

    Attributes:
        recursive: the folders within it too.
        settle: seconds that a file has to be still before it is whole.
        move_to: where finished inputs go; None to leave them.
        set_aside: where bad files go; None for `failed` in the watched folder.
        once: end when everything that is there is done.
        poll: look at the folder again and again, for disks that tell nothing (network drives).

    Raises:
        ConfigError: a time that is none.
    """

    recursive: bool = False
    settle: float = 1.0
    move_to: Path | None = None
    set_aside: Path | None = None
    once: bool = False
    poll: bool = False

    def __post_init__(self) -> None:
        """Check."""
        if not 0 < self.settle <= 3600:
            raise ConfigError(f"--settle is above 0 and at most 3600 seconds, not {self.settle:g}")
