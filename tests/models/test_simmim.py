"""SimMIM: the token, the one-layer decoder, and a loss that sees hidden pixels only."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from swinsr.checkpoints.classifier_save import swin_to_huggingface
from swinsr.errors import ShapeMismatchError
from swinsr.models import (
    MaskedImageModel,
    SwinTransformer,
    SwinTransformerV2,
    from_published,
)
from swinsr.models.simmim import Encoder, masked_l1

FAMILIES = ("swin", "swinv2", "swinir", "swin2sr")
SMALL = {"depths": [2, 2], "num_heads": [2, 2], "embed_dim": 8, "window_size": 4}


def encoder(family: str, **changes: Any) -> Encoder:
    torch.manual_seed(0)
    if family in ("swin", "swinv2"):
        cls = SwinTransformer if family == "swin" else SwinTransformerV2
        built: Encoder = cls(**SMALL | {"img_size": 32, "num_classes": 0} | changes)
    else:
        built = from_published(family, SMALL | {"img_size": 16, "upscale": 1} | changes)
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return built.eval()


def model(family: str, **changes: Any) -> MaskedImageModel:
    return MaskedImageModel(encoder(family, **changes)).eval()


def picture(*, channels: int = 3, batch: int = 2, side: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, channels, side, side, generator=generator)


def some_mask(batch: int = 2, side: int = 32, patch: int = 8) -> Tensor:
    """Another half of the squares for each picture."""
    cells = (torch.arange(side)[:, None] // patch + torch.arange(side)[None] // patch) % 2 == 0
    return torch.stack([cells if i % 2 else ~cells for i in range(batch)])


@pytest.mark.parametrize("family", FAMILIES)
def test_reconstruction_has_the_pictures_shape(family: str) -> None:
    with torch.inference_mode():
        assert model(family)(picture(), some_mask()).shape == (2, 3, 32, 32)


@pytest.mark.parametrize(
    ("family", "stride"), [("swin", 8), ("swinv2", 8), ("swinir", 1), ("swin2sr", 1)]
)
def test_decoder_is_one_linear_layer_at_the_encoders_stride(family: str, stride: int) -> None:
    built = model(family)
    conv, shuffle = built.decoder
    assert isinstance(conv, nn.Conv2d) and isinstance(shuffle, nn.PixelShuffle)
    assert conv.kernel_size == (1, 1) and conv.out_channels == stride**2 * 3
    assert shuffle.upscale_factor == stride


@pytest.mark.parametrize("family", FAMILIES)
def test_hidden_pixels_do_not_reach_the_reconstruction(family: str) -> None:
    built, mask = model(family), some_mask()
    image = picture()
    with torch.inference_mode():
        before = built(image, mask)
        changed = torch.where(mask[:, None], 1 - image, image)
        assert torch.equal(built(changed, mask), before)
        changed = torch.where(mask[:, None], image, 1 - image)
        assert (built(changed, mask) - before).abs().max() > 1e-3


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_has_no_gradient_at_pixels_that_are_seen(family: str) -> None:
    built, mask = model(family), some_mask()
    output = built(picture(), mask).detach().requires_grad_()
    masked_l1(output, built.normalise(picture()), mask).backward()
    assert output.grad is not None
    hidden = mask[:, None].expand_as(output)
    assert not output.grad[~hidden].any()
    assert output.grad[hidden].abs().min() > 0


def test_loss_is_the_mean_over_hidden_values() -> None:
    output, target, mask = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8), some_mask(2, 8, 4)
    hidden = mask[:, None].expand_as(output)
    wanted = (output - target)[hidden].abs().mean()
    assert masked_l1(output, target, mask).item() == pytest.approx(wanted.item(), rel=1e-5)
    assert masked_l1(output, target, torch.zeros_like(mask)).item() == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_part_but_the_head_learns(family: str) -> None:
    built = model(family).train()
    built.loss(picture(), some_mask()).backward()
    unused = {n for n, p in built.named_parameters() if p.grad is None or not p.grad.any()}
    head = {f"encoder.{n}" for n, _ in built.encoder.named_parameters() if n == "conv_last.weight"}
    assert unused == head | {n.replace("weight", "bias") for n in head}


def test_filling_in_keeps_what_is_seen() -> None:
    built, mask, image = model("swinir"), some_mask(), picture()
    with torch.inference_mode():
        filled = built.fill(image, mask)
    hidden = mask[:, None].expand_as(image)
    assert torch.equal(filled[~hidden], image[~hidden])
    assert (filled[hidden] - image[hidden]).abs().min() > 0


def test_nothing_hidden_leaves_the_encoder_as_it_is() -> None:
    built = model("swin")
    image, mask = picture(), torch.zeros(2, 32, 32, dtype=torch.bool)
    assert isinstance(built.encoder, SwinTransformer)
    with torch.inference_mode():
        features = built.encoder.forward_features(built.normalise(image))
        tokens = built.encoder.run_layers(built.encoder.embed(built.normalise(image)))
        assert torch.equal(features, tokens.mean(dim=(1, 2)))
        assert torch.equal(built(image, mask), built.decoder(tokens.permute(0, 3, 1, 2)))


def test_gray_pictures_have_one_mean() -> None:
    built = model("swinir", in_chans=1)
    with torch.inference_mode():
        assert built(picture(channels=1), some_mask()).shape == (2, 1, 32, 32)
    assert built.mean.item() == pytest.approx(0.458, abs=1e-3)


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        ((2, 1, 32, 32), (2, 32, 32), "takes"),
        ((2, 3, 32, 32), (2, 16, 16), "mask"),
        ((2, 3, 36, 36), (2, 36, 36), "multiples of 8"),
    ],
)
def test_refuses_shapes_that_do_not_fit(
    image: tuple[int, ...], mask: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeMismatchError, match=message):
        model("swin")(torch.rand(image), torch.zeros(mask, dtype=torch.bool))


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_equals_transformers_masked_image_modelling(tmp_path: Path, family: str) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    name = {"swin": "Swin", "swinv2": "Swinv2"}[family]
    config = getattr(transformers, f"{name}Config")(
        **SMALL, image_size=32, patch_size=4, encoder_stride=8, mlp_ratio=4.0
    )
    ours = model(family)
    tensors = swin_to_huggingface(dict(ours.encoder.state_dict()), family)
    tensors[f"{family}.embeddings.mask_token"] = ours.mask_token.detach()[None, None]
    tensors |= {f"decoder.0.{n}": t for n, t in ours.decoder[0].state_dict().items()}
    config.save_pretrained(tmp_path)
    contiguous = {n: t.contiguous() for n, t in tensors.items()}
    save_file(contiguous, tmp_path / "model.safetensors", {"format": "pt"})
    theirs, info = getattr(transformers, f"{name}ForMaskedImageModeling").from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    image, mask = picture(), some_mask()
    with torch.inference_mode():
        expected = theirs.eval()(
            ours.normalise(image), bool_masked_pos=mask[:, ::4, ::4].flatten(1).long()
        )
        assert (ours(image, mask) - expected.reconstruction).abs().max() <= 5e-6
        assert ours.loss(image, mask).item() == pytest.approx(expected.loss.item(), rel=1e-5)
