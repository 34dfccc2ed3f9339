"""How far a long computation is: handed down as a callable, notified with the share done."""

from collections.abc import Callable

# Called with the share of the work done, 0 to 1, never falling.
Progress = Callable[[float], None]


def silent(share: float) -> None:
    """Progress that nobody watches."""


class Steps:
    """Turns finished pieces of known weight into shares for a `Progress`."""

    def __init__(self, total: float, report: Progress) -> None:
        """`total` is the weight of all pieces together."""
        self._total, self._done, self._report = total, 0.0, report

    def advance(self, weight: float) -> None:
        """Count one finished piece."""
        self._done += weight
        self._report(min(self._done / self._total, 1.0))


def part(report: Progress, start: float, end: float) -> Progress:
    """A `Progress` whose 0 to 1 is `start` to `end` of another's."""
    return lambda share: report(start + (end - start) * share)
