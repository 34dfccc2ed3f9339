"""How long a run will take here: measured on this machine, run by run."""

import threading
from collections.abc import Sequence

from swinsr.inference.passes import SPARE, passes_for
from swinsr.zoo import ModelEntry

# A run of fewer pixels says more about its start than about its speed.
_FEWEST_PIXELS = 4_000
# Interpolation, seconds a pixel of the result: quick enough not to be measured.
_PLAIN = 1e-7
# Share of the newest run in the mean.
_NEWEST = 0.5


class Speeds:
    """Seconds that a network takes for each pixel it is given."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._rates: dict[str, float] = {}
        self._weights: dict[str, int] = {}  # bytes of the networks that were measured
        self._lock = threading.Lock()

    def note(self, entry: ModelEntry | None, scale: float, pixels: int, seconds: float) -> None:
        """Learn from a run.

        Args:
            entry: the network; None for interpolation, which is not measured.
            scale: factor of enlargement.
            pixels: of the picture.
            seconds: of computation.
        """
        if entry is None or pixels < _FEWEST_PIXELS or seconds <= 0:
            return
        rate = seconds / (pixels * _load(entry.scale, scale))
        with self._lock:
            before = self._rates.get(entry.name)
            self._rates[entry.name] = rate if before is None else before + _NEWEST * (rate - before)
            self._weights[entry.name] = entry.bytes or 0

    def seconds(self, entry: ModelEntry | None, scale: float, pixels: int) -> float | None:
        """A guess at the seconds of a run, within a factor of two; None where nothing is known.

        A network that never ran is taken to be as slow as its file is large.
        """
        if entry is None:
            return pixels * scale**2 * _PLAIN
        with self._lock:
            rate = self._rates.get(entry.name)
            if rate is None:
                known = next((n for n, size in self._weights.items() if size), None)
                if known is None or not entry.bytes:
                    return None
                rate = self._rates[known] * entry.bytes / self._weights[known]
        return rate * pixels * _load(entry.scale, scale)

    def relayed(
        self, entries: Sequence[ModelEntry | None], scale: float, pixels: int
    ) -> float | None:
        """The same for models one after the other, each once; of one alone, what `seconds` says."""
        if len(entries) == 1:
            return self.seconds(entries[0], scale, pixels)
        total = 0.0
        for entry in entries:
            own = 1 if entry is None else entry.scale
            guess = self.seconds(entry, own, pixels)
            if guess is None:
                return None
            total, pixels = total + guess, pixels * own**2
        return total


def _load(own: int, scale: float) -> float:
    """Pixels that a network of scale `own` is given in all its passes, for each of the picture."""
    if own <= 1:
        return 1.0
    passes = passes_for(own, max(scale, 1.0), SPARE)
    return float(sum(own ** (2 * number) for number in range(passes)))
