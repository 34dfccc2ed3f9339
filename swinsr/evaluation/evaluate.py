"""Models by name and datasets by name or folder in; everything measured out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swinsr.evaluation.cache import Cache
from swinsr.evaluation.contestant import load_contestants
from swinsr.evaluation.known import find_datasets
from swinsr.evaluation.options import Options
from swinsr.evaluation.results import Result
from swinsr.evaluation.runner import Listener, Runner
from swinsr.evaluation.trials import Request, make_plan


@dataclass(frozen=True)
class Evaluation:
    """All rows of one call, and the sentences that were said on the way."""

    results: tuple[Result, ...]
    notes: tuple[str, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence on each picture that could not be measured."""
        return tuple(dict.fromkeys(f.message for r in self.results for f in r.failures))


def evaluate(
    models: Sequence[str],
    datasets: Sequence[str],
    request: Request | None = None,
    options: Options | None = None,
    *,
    data: Path | None = None,
    cache: Path | None = None,
    listener: Listener | None = None,
) -> Evaluation:
    """Measure models on datasets.

    Args:
        models: names of bundled models, weights files, Hugging Face folders, "bicubic", "lanczos"
            or "nearest".
        datasets: folders, or names of known datasets.
        request: scales, noise levels and JPEG qualities; by default what the models are for.
        options: how models are run.
        data: the folder that holds known datasets.
        cache: a folder to keep measurements in and take them from; None for neither.
        listener: notified of how it goes.

    Returns:
        One result for each model, dataset and condition. A picture that cannot be measured is in
        its result's `failures`, and the others are measured.

    Raises:
        SwinsrError: a model or a dataset cannot be used at all, or nothing fits together.
    """
    request, options = request or Request(), options or Options()
    found = find_datasets(datasets, data)
    plan = make_plan(load_contestants(models, options), found, request)
    runner = Runner(options, Cache(cache), listener or Listener())
    for text in plan.notes:
        runner.note(text)
    results = runner.run(plan.jobs)
    return Evaluation(tuple(results), tuple(runner.notes))
