"""The exponential moving average of the weights: what is validated and exported."""

import copy

import torch

from swinsr.models import MaskedImageModel, RestorationNetwork

Trained = RestorationNetwork | MaskedImageModel


class Average:
    """A second network that follows the first one's parameters."""

    def __init__(self, network: Trained, decay: float) -> None:
        """Start as a copy; `decay` is what each step keeps."""
        self.decay = decay
        self.network: Trained = copy.deepcopy(network).eval().requires_grad_(False)
        self._followed = [p.detach() for p in network.parameters()]
        self._own = [p.detach() for p in self.network.parameters()]

    def update(self, step: int) -> None:
        """Follow after step `step` (from 1); the first keep less, (1 + step) / (10 + step)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(self._own, self._followed, 1 - decay)
