"""What the configurations of both kinds of network check, and how they are written down."""

import dataclasses
from typing import Any

from swinsr.errors import ConfigError

RATES = ("drop_rate", "attn_drop_rate", "drop_path_rate")


class NetworkConfig:
    """Base of the frozen dataclasses: their common checks, and plain values for JSON."""

    depths: tuple[int, ...]
    num_heads: tuple[int, ...]
    mlp_ratio: float

    def _normalise(self) -> None:
        """Sequences become tuples so that equal configurations compare equal."""
        for name in ("depths", "num_heads"):
            object.__setattr__(self, name, tuple(int(n) for n in getattr(self, name)))
        object.__setattr__(self, "mlp_ratio", float(self.mlp_ratio))

    def _check_whole(self, *names: str, least: int = 1) -> None:
        for name in names:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigError(f"{name} is a whole number of at least {least}, not {value!r}")

    def _check_common(self, part: str) -> None:
        """Check what every network has; `part` is what its depths count: a group or a stage."""
        if not self.depths or min(self.depths) < 1 or len(self.depths) != len(self.num_heads):
            raise ConfigError(
                f"depths {self.depths} and num_heads {self.num_heads} have one entry a {part} each"
            )
        if self.mlp_ratio <= 0:
            raise ConfigError("mlp_ratio is above 0")
        for name in RATES:
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"{name} is at least 0 and below 1, not {getattr(self, name)}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; tuples become lists."""
        assert dataclasses.is_dataclass(self)
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }
