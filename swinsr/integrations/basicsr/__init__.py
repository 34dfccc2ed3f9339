"""BasicSR: train our networks with its program, and exchange checkpoints both ways.

    python -m swinsr.integrations.basicsr.train -opt options.yml

with `network_g: {type: SwinSR_SwinIR, upscale: 4, ...}` in the options. Needs the extra
`basicsr`; docs/decisions/0003-basicsr-extra.md says why it is one.
"""

from swinsr.integrations.basicsr.checkpoints import export_checkpoint
from swinsr.integrations.basicsr.compatibility import supply_functional_tensor
from swinsr.integrations.basicsr.registry import register

__all__ = ["export_checkpoint", "register", "supply_functional_tensor"]
