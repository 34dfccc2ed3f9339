"""What has become of each picture or tile of a run, kept where no worker's death reaches it."""

import dataclasses
from typing import Any

# As often as one may take its worker with it. Machines are lost for other reasons, too.
MOST_ATTEMPTS = 5


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What a worker is told of a picture or tile it is given.

    Attributes:
        number: of this attempt, from 1.
        was_there: whether its output was there before the first.
        record: of an earlier attempt that was finished, as JSON; None where there is none.
    """

    number: int
    was_there: bool
    record: str | None


class Journal:
    """Attempts and records by the pictures' numbers; an actor on the machine that asks."""

    def __init__(self) -> None:
        """Empty."""
        self._attempts: dict[int, int] = {}
        self._was_there: dict[int, bool] = {}
        self._records: dict[int, str] = {}

    def begin(self, number: int, is_there: bool) -> Attempt:
        """Count an attempt, before anything is written."""
        count = self._attempts[number] = self._attempts.get(number, 0) + 1
        was_there = self._was_there.setdefault(number, is_there)
        return Attempt(count, was_there, self._records.get(number))

    def finish(self, number: int, record: str) -> None:
        """Keep a record."""
        self._records[number] = record

    def forget(self, number: int) -> None:
        """The record has arrived."""
        for kept in (self._records, self._attempts, self._was_there):
            kept.pop(number, None)


def start_journal(ray: Any) -> Any:
    """The actor, on this machine: it lives as long as this process."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    actor = ray.remote(num_cpus=0, max_concurrency=1)(Journal)
    return actor.options(scheduling_strategy=here).remote()
