"""What a model is asked to do on a dataset, and on which scores that is judged."""

from dataclasses import dataclass

# What each score is of, for tables.
SCORE_NAMES = {
    "psnr_y": "PSNR-Y",
    "ssim_y": "SSIM-Y",
    "psnrb_y": "PSNR-B-Y",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "psnrb": "PSNR-B",
}


@dataclass(frozen=True)
class Condition:
    """One way in which the input is poorer than the truth.

    Attributes:
        kind: "sr" (smaller), "noise", "jpeg", or "pair" (same size, as the dataset gives it).
        scale: factor of enlargement; 1 unless `kind` is "sr".
        level: sigma in 8-bit levels of "noise", quality of "jpeg".
        gray: whether the task is on one channel.
    """

    kind: str
    scale: int = 1
    level: int | None = None
    gray: bool = False

    @property
    def label(self) -> str:
        """As tables name it: "x4", "noise 25 gray", "JPEG 10"."""
        words = {
            "sr": f"x{self.scale}",
            "noise": f"noise {self.level}",
            "jpeg": f"JPEG {self.level}",
            "pair": "as given",
        }
        return words[self.kind] + (" gray" if self.gray else "")

    @property
    def border(self) -> int:
        """Pixels that scores leave out at each edge: the scale, none in restoration."""
        return self.scale if self.kind == "sr" else 0

    @property
    def noise(self) -> int | None:
        """Sigma in 8-bit levels."""
        return self.level if self.kind == "noise" else None

    @property
    def quality(self) -> int | None:
        """Of the JPEG encoder."""
        return self.level if self.kind == "jpeg" else None

    @property
    def scores(self) -> tuple[str, ...]:
        """What is measured; those that papers print come first."""
        y = ("psnr_y", "ssim_y")
        plain = ("psnr", "ssim")
        if self.kind == "jpeg":
            return (*plain, "psnrb") if self.gray else (*plain, "psnrb", *y, "psnrb_y")
        if self.gray:
            return plain
        return (*y, *plain) if self.kind == "sr" else (*plain, *y)

    @property
    def main_scores(self) -> tuple[str, ...]:
        """What papers print."""
        return self.scores[: 3 if self.kind == "jpeg" else 2]

    @property
    def channels(self) -> str:
        """What the main scores are of: "Y", "RGB" or "gray"."""
        if self.gray:
            return "gray"
        return "Y" if self.kind == "sr" else "RGB"
