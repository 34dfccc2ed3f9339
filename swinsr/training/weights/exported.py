"""The weights file that a run leaves for other programs."""

from collections.abc import Mapping
from pathlib import Path

from swinsr.checkpoints import save
from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.models import MaskedImageModel, SwinTransformer
from swinsr.training.weights.ema import Trained


def export_weights(network: Trained, path: Path, task: str, provenance: Mapping[str, str]) -> None:
    """Write a network, or the encoder of one that is pre-trained, with its configuration.

    Args:
        network: what to write.
        path: a .safetensors file; replaced if it is there.
        task: see `swinsr.checkpoints.save`.
        provenance: the run's story.

    Raises:
        WeightsMismatchError: nan or infinity.
        CheckpointError: the file could not be written.
    """
    encoder = network.encoder if isinstance(network, MaskedImageModel) else network
    if isinstance(encoder, SwinTransformer):
        save_classifier(encoder, path, provenance={"task": task, **provenance})
    else:
        save(encoder, path, task=task, provenance=provenance)
