"""SwinIR (arXiv:2108.10257): V1 attention."""

from typing import Any

from swinsr.models.config import SwinIRConfig
from swinsr.models.restoration import RestorationNetwork
from swinsr.nn.block import SwinBlock


class SwinIR(RestorationNetwork):
    """SwinIR in every published configuration."""

    config: SwinIRConfig
    block = SwinBlock

    def attention_options(self) -> dict[str, Any]:
        """Keywords for the attention module that only this family has."""
        return {"qk_scale": self.config.qk_scale}
