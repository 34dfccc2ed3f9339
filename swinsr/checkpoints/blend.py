"""A network between two that were trained from one another: weights on the line between theirs."""

import torch

from swinsr.errors import WeightsMismatchError
from swinsr.models import RestorationNetwork


def blend(
    faithful: RestorationNetwork, crisp: RestorationNetwork, share: float
) -> RestorationNetwork:
    """Give `crisp` the weights `faithful + share * (crisp - faithful)`.

    Between a network trained for the least error and the one that a discriminator made of it lie
    networks between in looks: X. Wang et al., "ESRGAN", arXiv:1809.00219, section 3.4.

    Args:
        faithful: the one that 0 gives.
        crisp: the one that 1 gives; changed in place.
        share: 0 to 1.

    Raises:
        WeightsMismatchError: they are not of one architecture.
    """
    own, other = crisp.state_dict(), faithful.state_dict()
    if crisp.config != faithful.config or own.keys() != other.keys():
        raise WeightsMismatchError(
            "networks of two architectures cannot be blended; name two of one configuration"
        )
    with torch.no_grad():
        for name, tensor in own.items():
            if tensor.is_floating_point():
                # In float32, also where one of them is kept in half.
                tensor.copy_(torch.lerp(tensor.float(), other[name].float(), 1 - share))
    return crisp
