"""How large the result is to be, as the options ask for it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from swinsr.errors import ConfigError

MAX_SCALE = 64.0
Fit: TypeAlias = Literal["inside", "cover", "crop", "stretch"]


@dataclass(frozen=True)
class Size:
    """What one picture becomes.

    Attributes:
        scale: the enlargement that reaches it, below 1 for a reduction.
        height, width: what the picture is brought to.
        crop: (height, width) that is then cut from its middle; None for all of it.
    """

    scale: float
    height: int
    width: int
    crop: tuple[int, int] | None = None

    @property
    def final(self) -> tuple[int, int]:
        """(height, width) of the file that is written."""
        return self.crop or (self.height, self.width)


@dataclass(frozen=True)
class SizeOptions:
    """The options together.

    Attributes:
        scale: factor of enlargement; None for the model's own, or where a size is given.
        width, height: of the result; one alone keeps the proportions.
        max_side: the longer side of the result; beside the others, its limit.
        fit: where width and height are both given: the whole picture inside them, covering them,
            covering them with what stands over cut off, or stretched to them.
    """

    scale: float | None = None
    width: int | None = None
    height: int | None = None
    max_side: int | None = None
    fit: Fit = "inside"

    def __post_init__(self) -> None:
        """Refuse what cannot be, and options that contradict each other.

        Raises:
            ConfigError: a scale out of range or beside a width or height, or --fit without both.
        """
        if self.scale is not None and not 1 <= self.scale <= MAX_SCALE:
            raise ConfigError(f"scale is between 1 and {MAX_SCALE:g}, not {self.scale:g}")
        if self.scale is not None and (self.width is not None or self.height is not None):
            raise ConfigError("--scale and --width or --height contradict each other; give one")
        if self.fit != "inside" and (self.width is None or self.height is None):
            raise ConfigError(f"--fit {self.fit} needs both --width and --height")
        if self.fit in ("crop", "stretch") and self.max_side is not None:
            raise ConfigError(f"--fit {self.fit} gives the size exactly; leave --max-side out")

    @property
    def sized(self) -> bool:
        """Whether the enlargement differs from picture to picture."""
        return any(value is not None for value in (self.width, self.height, self.max_side))

    def mark(self, own: float) -> str:
        """What outputs are told from inputs by: `_x4`, `_x2.5`, `_w3000`, `_800x600`, `_max2048`.

        Args:
            own: the model's own enlargement.
        """
        if self.width is not None and self.height is not None:
            return f"_{self.width}x{self.height}"
        if self.width is not None or self.height is not None:
            return f"_w{self.width}" if self.width is not None else f"_h{self.height}"
        if self.max_side is not None and self.scale is None:
            return f"_max{self.max_side}"
        return f"_x{own if self.scale is None else self.scale:g}"

    def size(self, height: int, width: int, own: float) -> Size:
        """What a picture of (height, width) becomes.

        Raises:
            ConfigError: more than `MAX_SCALE` times as large.
        """
        across = self.width / width if self.width is not None else None
        down = self.height / height if self.height is not None else None
        if across is not None and down is not None:
            factor = min(across, down) if self.fit == "inside" else max(across, down)
        elif across is not None or down is not None:
            factor = across or down or 1.0
        elif self.scale is not None:
            factor = self.scale
        else:
            factor = MAX_SCALE if self.max_side is not None else own
        if self.max_side is not None:
            limit = self.max_side / max(height, width)
            factor = limit if self.scale is None and not (across or down) else min(factor, limit)
        if factor > MAX_SCALE:
            raise ConfigError(
                f"{width}x{height} pixels would have to be enlarged {factor:.0f} times, and "
                f"{MAX_SCALE:g} is the most; ask for a smaller size"
            )
        if self.fit == "stretch":
            return Size(factor, self.height or 1, self.width or 1)
        rows, columns = _rounded(height * factor), _rounded(width * factor)
        crop = None
        if self.fit == "crop":
            crop = (self.height or 1, self.width or 1)
            rows, columns = max(rows, crop[0]), max(columns, crop[1])
        return Size(factor, rows, columns, None if crop == (rows, columns) else crop)


def _rounded(side: float) -> int:
    """Half up, at least one pixel."""
    return max(int(side + 0.5), 1)
