"""The learning rate at each step."""

import math

from swinsr.training.recipes.objective import OptimizerSettings


def learning_rate(
    settings: OptimizerSettings, step: int, steps: int, *, done: float | None = None
) -> float:
    """The rate of one step.

    Args:
        settings: the recipe's [optimizer].
        step: from 0.
        steps: of the whole run.
        done: share of the run that is over by the clock, 0 to 1, where it ends by the clock: the
            rate falls by it, so that a run of so many minutes ends cooled down, however many steps
            they are. Only the warm-up is counted in steps then.

    Source: cosine as in arXiv:1608.03983 without restarts; trapezoid with the fall of
    arXiv:2405.18392, section 4 (one minus the square root).
    """
    rate = settings.lr
    if step < settings.warmup:
        rate *= (step + 1) / settings.warmup
    # By the clock a run is of length 1, of which no step is the last.
    length, now = (float(steps), float(step)) if done is None else (1.0, min(max(done, 0.0), 1.0))
    one = 1.0 if done is None else 0.0
    if settings.schedule == "cosine":
        over = min(now / max(length - one, 1.0), 1.0)
        rate *= settings.final + (1 - settings.final) * (1 + math.cos(math.pi * over)) / 2
    elif settings.schedule == "trapezoid":
        left = (length - now) / max(settings.cooldown * length, one or 1e-9)
        fall = 1 - math.sqrt(max(1 - left, 0.0))
        rate *= settings.final + (1 - settings.final) * fall
    elif settings.schedule == "step":
        rate *= settings.gamma ** sum(now >= m * length for m in settings.milestones)
    return rate
