"""The learning rate at each step."""

import math

from swinsr.training.recipes.objective import OptimizerSettings


def learning_rate(settings: OptimizerSettings, step: int, steps: int) -> float:
    """The rate of one step.

    Args:
        settings: the recipe's [optimizer].
        step: from 0.
        steps: of the whole run.

    Source: cosine as in arXiv:1608.03983 without restarts; trapezoid with the fall of
    arXiv:2405.18392, section 4 (one minus the square root).
    """
    rate = settings.lr
    if step < settings.warmup:
        rate *= (step + 1) / settings.warmup
    if settings.schedule == "cosine":
        done = min(step / max(steps - 1, 1), 1.0)
        rate *= settings.final + (1 - settings.final) * (1 + math.cos(math.pi * done)) / 2
    elif settings.schedule == "trapezoid":
        left = (steps - step) / max(settings.cooldown * steps, 1.0)
        fall = 1 - math.sqrt(max(1 - left, 0.0))
        rate *= settings.final + (1 - settings.final) * fall
    elif settings.schedule == "step":
        rate *= settings.gamma ** sum(step >= m * steps for m in settings.milestones)
    return rate
