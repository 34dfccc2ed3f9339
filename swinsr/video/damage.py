"""What is wrong with a video that plays all the same: counted, and told."""

from dataclasses import dataclass, field

from swinsr.errors import ImageReadError
from swinsr.video.probe import Clip, unreadable

# Places that a note names; of more it gives the number.
_NAMED = 5
# Less than so many seconds without a frame, in between or at the end, may be how it was made.
_GAP_SECONDS, _END_SECONDS = 1.0, 0.25


@dataclass
class Damage:
    """The damage of a clip between two times.

    Attributes:
        clip: the video.
        start, end: times in the clip's unit between which frames are taken; None for no end.
        strict: whether damage ends the run.
        mended: times of frames that the decoder took from their neighbours, in whole or in part.
        lost: times of frames that could not be decoded.
        broken: why the file cannot be read any further; "" where it can.
        shown: time of the last frame.
        covered: the time until which frames are shown, as far as known.
        gap: the first two times, far apart, between which there is no frame.
    """

    clip: Clip
    start: float
    end: int | None
    strict: bool = False
    mended: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    broken: str = ""
    shown: int | None = None
    covered: int = 0
    gap: tuple[int, int] | None = None
    _longest: int = 0

    @property
    def count(self) -> int:
        """Frames that are not what they should be, or not there."""
        return len(self.mended) + len(self.lost)

    def mend(self, time: int) -> None:
        """A frame was mended.

        Raises:
            ImageReadError: where that is too much.
        """
        self._note(self.mended, time)

    def lose(self, time: int) -> None:
        """A frame is missing.

        Raises:
            ImageReadError: where that is too much.
        """
        self._note(self.lost, time)

    def _note(self, kind: list[int], time: int) -> None:
        if time < self.start or (self.end is not None and time >= self.end):
            return
        if self.strict:
            raise ImageReadError(
                f"{self.clip.path}: its frame at {self._seconds(time):.2f} s is damaged; leave "
                "--strict out to go on without it"
            )
        kind.append(time)

    def show(self, time: int, duration: int) -> None:
        """A frame is taken; its duration is 0 where it is not known."""
        if self.shown is not None:
            step = time - self.shown
            if self._takes(step) > _GAP_SECONDS and step > 10 * self._longest > 0:
                self.gap = self.gap or (self.shown, time)
            else:
                self._longest = max(self._longest, step)
        self.shown, self.covered = time, time + max(duration, self._longest)

    def stop(self, error: Exception) -> None:
        """The file cannot be read any further.

        Raises:
            ImageReadError: where that is too much, or nothing was read.
        """
        if self.strict or self.shown is None:
            raise ImageReadError(unreadable(self.clip.path, error)) from error
        self.broken = getattr(error, "strerror", None) or str(error)

    def finish(self) -> None:
        """All that there is was read.

        Raises:
            ImageReadError: that is not all that the file says it holds, and damage ends the run.
        """
        if self.strict and self._ends_early:
            raise ImageReadError(f"{self.clip.path}: {self._end_told}; get the whole file")

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on it; none where all is well."""
        notes = []
        if self.mended:
            frames = _frames(self.mended)
            notes.append(f"{frames} damaged and mended by the decoder, {self._places(self.mended)}")
        if self.lost:
            notes.append(
                f"{_frames(self.lost)} damaged and left out, {self._places(self.lost)}; the frame "
                "before stands for as long"
            )
        if self.gap is not None:
            before, after = map(self._seconds, self.gap)
            notes.append(f"no frame lies between {before:.2f} and {after:.2f} s; it may be damaged")
        if self.broken:
            assert self.shown is not None
            notes.append(
                f"it cannot be read beyond {self._seconds(self.shown):.2f} s ({self.broken})"
            )
        elif self._ends_early:
            notes.append(self._end_told)
        return tuple(notes)

    @property
    def _ends_early(self) -> bool:
        """Whether the file says that it holds more."""
        clip = self.clip
        if self.shown is None or clip.end is None or self.end is not None:
            return False
        return self._takes(clip.end - self.covered) > _END_SECONDS

    @property
    def _end_told(self) -> str:
        assert self.shown is not None and self.clip.end is not None
        last, end = self._seconds(self.shown), self._seconds(self.clip.end)
        return f"its last frame is at {last:.2f} s, and it says that it ends at {end:.2f} s"

    def _takes(self, ticks: int) -> float:
        return float(ticks * self.clip.time_base)

    def _seconds(self, time: int) -> float:
        return float(time * self.clip.time_base - self.clip.origin)

    def _places(self, times: list[int]) -> str:
        named = ", ".join(f"{self._seconds(time):.2f}" for time in times[:_NAMED])
        more = len(times) - _NAMED
        return f"at {named}{f' and {more} more' if more > 0 else ''} s"


def _frames(times: list[int]) -> str:
    return "1 frame is" if len(times) == 1 else f"{len(times)} frames are"
