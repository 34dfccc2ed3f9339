"""How models are run and what is kept, for all measurements of one call."""

from dataclasses import dataclass

from swinsr.errors import ConfigError

PADDINGS = ("minimal", "published")


@dataclass(frozen=True)
class Options:
    """How models are run.

    Attributes:
        self_ensemble: average eight flipped and turned runs, the "+" of papers.
        padding: "minimal" reflects up to the next multiple of the window, as this program always
            does; "published" mirrors with the edge repeated, a whole window where the size fits
            already, as the papers' scripts do.
        precision, device: as for `swinsr.Upscaler.from_pretrained`.
        metrics: further metrics, by pyiqa's names.
    """

    self_ensemble: bool = False
    padding: str = "minimal"
    precision: str = "float32"
    device: str = "auto"
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a padding that is not offered."""
        if self.padding not in PADDINGS:
            raise ConfigError(
                f"unknown padding {self.padding!r}; choose from {', '.join(PADDINGS)}"
            )
