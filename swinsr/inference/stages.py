"""Which bundled models reach an enlargement, one after the other."""

from swinsr.inference.passes import SPARE, cheapest_stages
from swinsr.zoo import Damage, ModelEntry, default_model, models_by_scale


def default_stages(
    scale: float, *, fast: bool = False, damage: Damage = "none", best: bool = False
) -> tuple[ModelEntry, ...]:
    """Choose them: one where that comes near enough, otherwise the least work.

    What follows the first gets a picture that is clean by then.

    Args:
        scale: factor of enlargement asked for, at least 1.
        fast, damage: as for `swinsr.zoo.models_by_scale`.
        best: take one alone, as often as it takes.
    """
    first = default_model(scale, fast=fast, damage=damage)
    if best or first.scale * SPARE >= scale:
        return (first,)
    clean = models_by_scale(fast=fast)
    known = models_by_scale(fast=fast, damage=damage)
    stages = cheapest_stages(clean, scale, SPARE)
    head = min((s for s in known if s >= stages[0]), default=max(known))
    if head != stages[0]:
        stages = (head, *stages[1:])
    if set(stages) == {head} and known[head] == clean[head]:
        return (known[head],)
    return (known[head], *(clean[stage] for stage in stages[1:]))
