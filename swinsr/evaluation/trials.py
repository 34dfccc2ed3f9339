"""Which model is measured on which dataset under which condition."""

from collections.abc import Sequence
from dataclasses import dataclass

from swinsr.errors import ConfigError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.contestant import Contestant
from swinsr.evaluation.known import JPEG_QUALITIES, NOISE_LEVELS, Dataset
from swinsr.evaluation.layout import has_pairs
from swinsr.zoo.scores import published_scores

DEFAULT_SCALE = 4


@dataclass(frozen=True)
class Request:
    """What the user asked for; empty where nothing was.

    Attributes:
        scales: factors of enlargement.
        noise: sigmas in 8-bit levels.
        qualities: of the JPEG encoder.
    """

    scales: tuple[int, ...] = ()
    noise: tuple[int, ...] = ()
    qualities: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if any(not 1 <= scale <= 64 for scale in self.scales):
            raise ConfigError("a scale to measure is a whole number from 1 to 64")
        if any(not 0 <= sigma <= 1000 for sigma in self.noise):
            raise ConfigError("noise has a sigma from 0 to 1000, in 8-bit levels")
        if any(not 1 <= quality <= 100 for quality in self.qualities):
            raise ConfigError("JPEG quality is from 1 to 100")


@dataclass(frozen=True)
class Trial:
    """One row of the table."""

    contestant: Contestant
    dataset: Dataset
    condition: Condition


@dataclass(frozen=True)
class Trials:
    """All rows, and sentences on combinations that make none."""

    jobs: tuple[Trial, ...]
    notes: tuple[str, ...] = ()


def make_plan(
    contestants: Sequence[Contestant], datasets: Sequence[Dataset], request: Request
) -> Trials:
    """Set every model to every dataset, at what the model is for.

    A network is measured at its own scale, where that or nothing at all is asked for. Restoration
    is measured at the levels asked for, else at the one the published checkpoint is for, else at
    the levels papers use for the dataset. Baselines are measured wherever a network is, and at
    everything else that is asked for.

    Raises:
        ConfigError: a network has nothing to be measured on.
    """
    notes: list[str] = []
    jobs: list[Trial] = []
    measured: set[str] = set()
    for dataset in datasets:
        asked = {
            c.name: _for_network(c, dataset, request) for c in contestants if c.config is not None
        }
        of_networks = [condition for conditions in asked.values() for condition in conditions]
        baseline = [*of_networks, *_asked_for(dataset, request, bool(of_networks))]
        for contestant in contestants:
            conditions = asked.get(contestant.name, baseline)
            jobs += [Trial(contestant, dataset, c) for c in sorted(set(conditions), key=_order)]
            if conditions:
                measured.add(contestant.name)
            else:
                notes.append(_nothing_for(contestant, dataset, request))
    for contestant in contestants:
        if contestant.name not in measured:
            raise ConfigError(_nothing_for(contestant, datasets[0], request))
    return Trials(tuple(jobs), tuple(dict.fromkeys(notes)))


def _order(condition: Condition) -> tuple[bool, str, int, int]:
    return condition.gray, condition.kind, condition.scale, condition.level or 0


def _nothing_for(contestant: Contestant, dataset: Dataset, request: Request) -> str:
    if contestant.scale and contestant.scale > 1:
        return (
            f"{contestant.name} enlarges by {contestant.scale} and is measured at that alone, "
            f"which is not asked for; add --scale {contestant.scale}."
        )
    return (
        f"{contestant.name} ({contestant.task}) restores at the picture's own size and has nothing "
        f"to be measured on in {dataset.name}; ask for --noise or --quality."
    )


def _for_network(contestant: Contestant, dataset: Dataset, request: Request) -> list[Condition]:
    scale, gray = contestant.scale, contestant.gray
    assert scale is not None
    if scale > 1:
        anything = request.scales or request.noise or request.qualities
        asked = scale in request.scales or not anything
        return [Condition("sr", scale, gray=gray)] if asked else []
    noise = request.noise if "jpeg" not in contestant.task else ()
    qualities = request.qualities if "denoise" not in contestant.task else ()
    if request.noise or request.qualities:
        return _restoration(noise, qualities, gray)
    if has_pairs(dataset.root):
        return [Condition("pair", gray=gray)]
    own = _published_levels(contestant)
    task = "jpeg" if "jpeg" in contestant.task else "noise" if "denoise" in contestant.task else ""
    if own:
        return _restoration(own if task == "noise" else (), own if task == "jpeg" else (), gray)
    if dataset.known is None or dataset.known.task not in ("noise", "jpeg"):
        return []
    levels = NOISE_LEVELS if dataset.known.task == "noise" else JPEG_QUALITIES
    if task and task != dataset.known.task:
        return []
    known_noise = dataset.known.task == "noise"
    return _restoration(levels if known_noise else (), () if known_noise else levels, gray)


def _published_levels(contestant: Contestant) -> tuple[int, ...]:
    """The one level that a published restoration checkpoint is for."""
    levels = {
        score.noise or score.quality
        for score in published_scores()
        if score.model == contestant.published
    }
    return tuple(sorted(level for level in levels if level))


def _restoration(noise: Sequence[int], qualities: Sequence[int], gray: bool) -> list[Condition]:
    made = [Condition("noise", level=sigma, gray=gray) for sigma in noise]
    return made + [Condition("jpeg", level=quality, gray=gray) for quality in qualities]


def _asked_for(dataset: Dataset, request: Request, others: bool) -> list[Condition]:
    """What a baseline is measured at besides the networks' conditions."""
    known = dataset.known
    gray = known is not None and known.gray
    conditions = [Condition("sr", scale) for scale in request.scales if scale > 1]
    if not others:  # else the networks tell whether in gray or in colour
        conditions += _restoration(request.noise, request.qualities, gray)
    if conditions or others:
        return conditions
    if known is not None and known.task == "noise":
        return _restoration(NOISE_LEVELS, (), gray)
    if known is not None and known.task == "jpeg":
        return _restoration((), JPEG_QUALITIES, gray)
    if request.scales:  # --scale 1 alone
        return [Condition("pair")]
    return [Condition("sr", DEFAULT_SCALE)]
