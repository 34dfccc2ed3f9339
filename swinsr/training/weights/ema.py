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
        # A tensor, as a captured step takes the number that is there when it is replayed.
        self._share = torch.zeros((), device=self._own[0].device)

    def set_step(self, step: int) -> None:
        """Prepare `follow` for a step, from 1; the first keep less, (1 + step) / (10 + step)."""
        self._share.fill_(1.0 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def follow(self) -> None:
        """Go to where the network is, by the share that the step has."""
        # Not lerp, which reads a weight that is a tensor back to the host.
        ahead = torch._foreach_sub(self._followed, self._own)
        torch._foreach_mul_(ahead, self._share)
        torch._foreach_add_(self._own, ahead)
