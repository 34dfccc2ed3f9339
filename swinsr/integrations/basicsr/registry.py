"""Our networks under names of their own in BasicSR's architecture registry.

BasicSR has a SwinIR of its own under the name "SwinIR"; ours do not replace it.
"""

from typing import Any

from torch import Tensor

from swinsr.integrations.basicsr.compatibility import import_basicsr
from swinsr.models import Swin2SR, Swin2SRConfig, SwinIR, SwinIRConfig, config_from_published

NAMES = ("SwinSR_SwinIR", "SwinSR_Swin2SR")


class SwinSR_SwinIR(SwinIR):
    """SwinIR, built from the published constructor's keywords."""

    def __init__(self, **config: Any) -> None:
        """Keywords as `swinsr.models.from_published`; raises ConfigError for wrong ones."""
        checked = config_from_published("swinir", config)
        assert isinstance(checked, SwinIRConfig)
        super().__init__(checked)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 to (batch, C, H * scale, W * scale)."""
        return self.forward_head(x).image


class SwinSR_Swin2SR(Swin2SR):
    """Swin2SR, built from the published constructor's keywords.

    Auxiliary pictures, of which BasicSR's losses know nothing, are left out.
    """

    def __init__(self, **config: Any) -> None:
        """Keywords as `swinsr.models.from_published`; raises ConfigError for wrong ones."""
        checked = config_from_published("swin2sr", config)
        assert isinstance(checked, Swin2SRConfig)
        super().__init__(checked)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 to (batch, C, H * scale, W * scale)."""
        return self.forward_head(x).image


def register() -> tuple[str, ...]:
    """Make the networks known to BasicSR; a second call changes nothing.

    Returns:
        The names for `network_g: type:` in BasicSR's options.

    Raises:
        ConfigError: BasicSR is not installed, or torchvision does not work.
    """
    registry = import_basicsr("basicsr.utils.registry").ARCH_REGISTRY
    for cls in (SwinSR_SwinIR, SwinSR_Swin2SR):
        if cls.__name__ not in registry:
            registry.register(cls)
    return NAMES
