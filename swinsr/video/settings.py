"""What is asked of a video beyond what is done to each of its frames."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from swinsr.errors import ConfigError

Codec: TypeAlias = Literal["h264", "hevc", "av1", "prores", "ffv1"]
CONTAINERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm",
}  # fmt: skip
# Where --codec is not given. Matroska holds everything, and plays everywhere with H.264.
_USUAL: dict[str, Codec] = {"mp4": "h264", "mov": "h264", "matroska": "h264", "webm": "av1"}
# Quality where --crf is not given: hardly told from the source. ProRes and FFV1 have none.
CRF = {"h264": 16, "hevc": 18, "av1": 24}
_LARGEST_CRF = {"h264": 51, "hevc": 51, "av1": 63}
_PRESET = {"h264": "medium", "hevc": "medium", "av1": "8"}
_SPEEDS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
_HOLDS: dict[str, tuple[Codec, ...]] = {
    "mp4": ("h264", "hevc", "av1"),
    "mov": ("h264", "hevc", "prores"),
    "matroska": ("h264", "hevc", "av1", "prores", "ffv1"),
    "webm": ("av1",),
}
_NUMBER = re.compile(r"%0?\d*d")


@dataclass(frozen=True)
class VideoSettings:
    """How a video is read and written.

    Attributes:
        codec: of the output; None for the usual one of its container.
        crf: constant rate factor, 0 (largest file) to 51, for AV1 to 63; None for nearly no loss.
        preset: speed of the encoder: x264's and x265's names, or 0 (slow) to 13 for AV1.
        bits: per sample, 8 or 10; None for the source's.
        start, end: seconds of the source between which frames are taken.
        rate: frames a second of numbered pictures.
        deinterlace: make whole frames of an interlaced source, which is refused otherwise.
        keep_hdr: enlarge PQ or HLG samples as they are, which are refused otherwise.
        audio, subtitles: whether to carry them over.
        strict: end where a frame is damaged, instead of going on as players do.

    Raises:
        ConfigError: a value that is none, or values that contradict each other.
    """

    codec: Codec | None = None
    crf: float | None = None
    preset: str | None = None
    bits: int | None = None
    start: float | None = None
    end: float | None = None
    rate: Fraction = Fraction(25)
    deinterlace: bool = False
    keep_hdr: bool = False
    audio: bool = True
    subtitles: bool = True
    strict: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be before anything is read."""
        if self.codec is not None and self.codec not in get_args(Codec):
            raise ConfigError(
                f"unknown codec {self.codec!r}; choose from {', '.join(get_args(Codec))}"
            )
        if self.bits not in (None, 8, 10):
            raise ConfigError(f"--bits of a video is 8 or 10, not {self.bits}")
        if self.start is not None and self.start < 0:
            raise ConfigError("--start is not before the beginning")
        if self.end is not None and self.end <= (self.start or 0.0):
            raise ConfigError("--end comes after --start, and a preview has a length")
        if not 0 < self.rate <= 1000:
            raise ConfigError(
                f"--rate is above 0 and at most 1000 frames a second, not {self.rate}"
            )

    @property
    def first(self) -> Fraction | None:
        """`start`, as exact as times are: 0.2 is a fifth."""
        return None if self.start is None else Fraction(self.start).limit_denominator(1_000_000)

    @property
    def beyond(self) -> Fraction | None:
        """`end`, in the same way."""
        return None if self.end is None else Fraction(self.end).limit_denominator(1_000_000)

    def container(self, output: Path) -> str:
        """FFmpeg's name of the container that a suffix means.

        Raises:
            ConfigError: none is known by it.
        """
        form = CONTAINERS.get(output.suffix.lower())
        if form is None:
            raise ConfigError(
                f"{output}: a video ends in {', '.join(CONTAINERS)}, and numbered pictures are "
                "called as frames/%06d.png"
            )
        return form

    def encoder(self, output: Path) -> tuple[Codec, float | None, str | None]:
        """Codec, constant rate factor and preset for an output.

        Raises:
            ConfigError: the container does not hold the codec, or the codec has no such setting.
        """
        form = self.container(output)
        codec = self.codec or _USUAL[form]
        if codec not in _HOLDS[form]:
            raise ConfigError(
                f"{output}: {output.suffix[1:]} holds {', '.join(_HOLDS[form])} and not {codec}; "
                "choose another --codec, or .mkv, which holds all"
            )
        if codec not in CRF:
            given = "--crf" if self.crf is not None else "--preset" if self.preset else None
            if given is not None:
                raise ConfigError(f"{codec} has no {given}; leave it out")
            return codec, None, None
        crf = CRF[codec] if self.crf is None else self.crf
        if not 0 <= crf <= _LARGEST_CRF[codec]:
            raise ConfigError(f"--crf of {codec} is 0 to {_LARGEST_CRF[codec]}, not {crf:g}")
        preset = self.preset or _PRESET[codec]
        known = tuple(map(str, range(14))) if codec == "av1" else _SPEEDS
        if preset not in known:
            raise ConfigError(f"--preset of {codec} is {known[0]} to {known[-1]}, not {preset!r}")
        return codec, crf, preset


def is_numbered(path: Path) -> bool:
    """Whether a name stands for numbered pictures, as `frames/%06d.png`."""
    return _NUMBER.search(path.name) is not None


def parse_time(text: str) -> float:
    """Seconds of `90`, `1:30`, `1:30.5` or `0:01:30`.

    Raises:
        ConfigError: none of these.
    """
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)", text)
    if match is None:
        raise ConfigError(f"a time is seconds or H:MM:SS, as 90 or 1:30.5, not {text!r}")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds
