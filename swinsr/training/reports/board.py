"""Curves and pictures for TensorBoard, where it is installed and asked for."""

from pathlib import Path
from typing import Any

from swinsr.errors import ConfigError
from swinsr.install import install_extra
from swinsr.training.data.pictures import Pixels


class Board:
    """Writes to a run's folder `tensorboard`."""

    def __init__(self, folder: Path, *, resumed_at: int | None) -> None:
        """Start, hiding what an interrupted run wrote past the resumed step.

        Raises:
            ConfigError: TensorBoard is not installed.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                f"log.tensorboard needs TensorBoard; install it with `{install_extra('train')}` "
                "or set log.tensorboard to false"
            ) from error
        self._writer: Any = SummaryWriter(
            str(folder / "tensorboard"), purge_step=None if resumed_at is None else resumed_at + 1
        )

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """One point on each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, step: int, pixels: Pixels) -> None:
        """The validation picture, (height, width, channels) uint8."""
        self._writer.add_image("validation", pixels, step, dataformats="HWC")
        self._writer.flush()

    def close(self) -> None:
        """Write everything out."""
        self._writer.close()
