"""BasicSR's own programs train, save and load our networks.

BasicSR changes the interpreter it is imported into, so everything of it runs in another one: that
which SWINSR_BASICSR_PYTHON names, or the one at hand where it has BasicSR.
"""

import importlib.util
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError
from swinsr.install import install_extra
from swinsr.integrations.basicsr import export_checkpoint, register
from swinsr.integrations.basicsr.registry import SwinSR_Swin2SR, SwinSR_SwinIR
from swinsr.models import from_published
from tests.training.tiny import write_pictures

ROOT = Path(__file__).parents[2]
HERE = importlib.util.find_spec("basicsr") is not None
PYTHON = os.environ.get("SWINSR_BASICSR_PYTHON") or (sys.executable if HERE else "")
needs_basicsr = pytest.mark.skipif(
    not PYTHON, reason="BasicSR is not installed and SWINSR_BASICSR_PYTHON names no interpreter"
)

NETWORK = {
    "upscale": 2, "in_chans": 3, "img_size": 8, "window_size": 4, "img_range": 1.0,
    "depths": [2, 2], "embed_dim": 16, "num_heads": [2, 2], "mlp_ratio": 2,
    "upsampler": "pixelshuffledirect", "resi_connection": "1conv",
}  # fmt: skip

# torchvision cannot load its operators beside another build of torch; nothing here uses them.
PRELUDE = """
import sys, torch
try:
    import torchvision
except (ImportError, RuntimeError):
    for name in [n for n in sys.modules if n.startswith("torchvision")]:
        del sys.modules[name]
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor a, Tensor b, float c) -> Tensor")
"""

OPTIONS = """
name: tiny
model_type: SRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train:
    name: waves
    type: PairedImageDataset
    dataroot_gt: {folder}/hr
    dataroot_lq: {folder}/lr
    filename_tmpl: '{{}}'
    io_backend: {{type: disk}}
    gt_size: 16
    use_hflip: true
    use_rot: true
    num_worker_per_gpu: 0
    batch_size_per_gpu: 2
    dataset_enlarge_ratio: 4
network_g: {network}
path:
  pretrain_network_g: {pretrained}
  strict_load_g: true
train:
  ema_decay: 0.9
  optim_g: {{type: Adam, lr: !!float 1e-3, weight_decay: 0, betas: [0.9, 0.99]}}
  scheduler: {{type: MultiStepLR, milestones: [100], gamma: 0.5}}
  total_iter: 4
  warmup_iter: -1
  pixel_opt: {{type: L1Loss, loss_weight: 1.0, reduction: mean}}
logger: {{print_freq: 2, save_checkpoint_freq: !!float 1e4, use_tb_logger: false}}
dist_params: {{backend: gloo, port: 29500}}
"""


def run(code: str, folder: Path, *arguments: str) -> str:
    """Run code where BasicSR is; returns what it printed."""
    path = folder / "program.py"
    path.write_text(PRELUDE + textwrap.dedent(code))
    done = subprocess.run(
        [PYTHON, str(path), *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


TRAIN = """
from swinsr.integrations.basicsr.train import main
sys.exit(main())
"""


def train(folder: Path, network: dict, pretrained: str = "~") -> Path:
    """BasicSR's training entry point on a tiny run; returns the weights it saves."""
    write_pictures(folder / "hr", 2, 48, 48)
    write_pictures(folder / "lr", 2, 24, 24)
    options = folder / "options.yml"
    options.write_text(OPTIONS.format(folder=folder, network=network, pretrained=pretrained))
    told = run(TRAIN, folder, "-opt", str(options))
    assert "End of training" in told
    return folder / "experiments" / "tiny" / "models" / "net_g_latest.pth"


@needs_basicsr
@pytest.mark.parametrize("family", ["SwinIR", "Swin2SR"])
def test_its_training_program_trains_our_networks_and_we_load_them(
    tmp_path: Path, family: str
) -> None:
    saved = train(tmp_path, {"type": f"SwinSR_{family}", **NETWORK})
    loaded = load(saved)
    assert loaded.config.family == family.lower()
    assert loaded.config.depths == (2, 2)
    fresh = from_published(family.lower(), NETWORK).state_dict()
    trained = torch.load(saved, weights_only=True)
    assert trained["params"].keys() == fresh.keys()
    ours = loaded.network.state_dict()
    assert all(torch.equal(ours[k], trained["params_ema"][k]) for k in ours)


@needs_basicsr
def test_its_own_swinir_starts_from_ours_and_we_load_what_it_saves(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = save(from_published("swinir", NETWORK), tmp_path / "ours.safetensors", task="x")
    weights = export_checkpoint(source, tmp_path / "ours.pth")
    saved = train(tmp_path, {"type": "SwinIR", **NETWORK}, str(weights))
    ours, theirs = load(source).network.state_dict(), load(saved).network.state_dict()
    changes = [(ours[k] - theirs[k]).abs().max().item() for k in ours]
    assert 0 < max(changes) < 0.02  # four steps of 1e-3 away from where it started


@needs_basicsr
def test_its_swinir_and_ours_give_the_same_picture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = save(from_published("swinir", NETWORK), tmp_path / "ours.safetensors", task="x")
    weights = export_checkpoint(source, tmp_path / "ours.pth")
    code = f"""
    from swinsr.integrations.basicsr import register
    register(); register()
    from basicsr.archs import build_network
    picture = torch.rand(1, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    outputs = []
    for kind in ("SwinIR", "SwinSR_SwinIR"):
        network = build_network({{"type": kind, **{NETWORK!r}}}).eval()
        network.load_state_dict(torch.load({str(weights)!r}, weights_only=True)["params_ema"])
        with torch.no_grad():
            outputs.append(network(picture))
    print("difference", (outputs[0] - outputs[1]).abs().max().item())
    """
    told = run(code, tmp_path)
    assert float(told.split("difference")[1].split()[0]) < 1e-5


@needs_basicsr
def test_supplied_module_has_what_it_asks_for(tmp_path: Path) -> None:
    code = """
    from swinsr.integrations.basicsr import supply_functional_tensor
    supplied = supply_functional_tensor()
    from torchvision.transforms.functional_tensor import rgb_to_grayscale
    gray = rgb_to_grayscale(torch.tensor([1.0, 0.5, 0.0]).view(3, 1, 1))
    assert abs(gray.item() - (0.2989 + 0.587 * 0.5)) < 1e-4
    assert not supply_functional_tensor()
    print("fine")
    """
    assert "fine" in run(code, tmp_path)


@pytest.mark.skipif(HERE, reason="BasicSR is installed here")
def test_missing_basicsr_is_told_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=re.escape(install_extra("basicsr"))):
        register()


@pytest.mark.parametrize("cls", [SwinSR_SwinIR, SwinSR_Swin2SR])
def test_registered_networks_take_the_published_keywords(cls: type) -> None:
    torch.manual_seed(0)
    network = cls(**NETWORK)
    assert network(torch.rand(1, 3, 8, 8)).shape == (1, 3, 16, 16)
    with pytest.raises(ConfigError, match="embed_dims"):
        cls(**NETWORK, embed_dims=3)


def test_registered_network_with_an_auxiliary_head_gives_the_picture_alone() -> None:
    network = SwinSR_Swin2SR(**{**NETWORK, "upsampler": "pixelshuffle_aux"})
    assert network(torch.rand(1, 3, 8, 8)).shape == (1, 3, 16, 16)


def test_exported_checkpoint_is_what_the_published_code_saves(tmp_path: Path) -> None:
    network = from_published("swinir", NETWORK)
    source = save(network, tmp_path / "ours.safetensors", task="x")
    exported = torch.load(export_checkpoint(source, tmp_path / "theirs.pth"), weights_only=True)[
        "params_ema"
    ]
    index = "layers.0.residual_group.blocks.0.attn.relative_position_index"
    assert exported[index].shape == (16, 16)
    again = load(tmp_path / "theirs.pth").network.state_dict()
    assert all(torch.equal(again[k], v) for k, v in network.state_dict().items())


def test_export_refuses_another_suffix(tmp_path: Path) -> None:
    source = save(from_published("swinir", NETWORK), tmp_path / "ours.safetensors", task="x")
    with pytest.raises(ConfigError, match=r"\.pth"):
        export_checkpoint(source, tmp_path / "theirs.ckpt")
