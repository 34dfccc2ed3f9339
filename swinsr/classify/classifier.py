"""A picture in, labels with probabilities out."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
from PIL import Image as PilImage

from swinsr.checkpoints.classifier import load_classifier
from swinsr.classify.preprocess import Preprocessing
from swinsr.errors import ConfigError
from swinsr.image import Image, from_pil
from swinsr.models import SwinTransformer
from swinsr.runtime.device import choose_device
from swinsr.zoo import find_weights


@dataclass(frozen=True)
class Prediction:
    """One class: its number, its name ("class 17" where none is known), its probability."""

    index: int
    label: str
    probability: float


class Classifier:
    """Names what a picture shows.

    classifier = Classifier.from_pretrained("microsoft/swin-tiny-patch4-window7-224")
    best = classifier(picture)[0]

    Attributes:
        network, preprocessing, labels: what it was made of.
        notes: sentences that a user should see: what had to be guessed or chosen.
    """

    def __init__(
        self,
        network: SwinTransformer,
        preprocessing: Preprocessing,
        labels: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        """Use `from_pretrained`, unless the network is one's own.

        Raises:
            ConfigError: the network gives features and no classes, or takes no colour pictures.
        """
        if not network.config.num_classes:
            raise ConfigError("this network gives features, not classes; it has no head")
        if network.config.in_chans != 3:
            raise ConfigError(f"this network takes {network.config.in_chans} channels, not RGB")
        self.network = network.eval()
        self.preprocessing = preprocessing
        self.labels = labels or tuple(f"class {i}" for i in range(network.config.num_classes))
        self.notes = notes

    @classmethod
    def from_pretrained(cls, model: str | PathLike[str], *, device: str = "auto") -> "Classifier":
        """Load a classifier.

        Args:
            model: a folder or weights file in the layout of Hugging Face, Microsoft or timm, or
                the id of a model on the Hugging Face Hub.
            device: "auto", "cpu", "cuda", "xpu" or "mps".

        Raises:
            ModelNotFoundError: no such file or folder, and no such model on the Hub.
            CheckpointError: not the weights of a Swin classifier.
            ConfigError: preprocessor_config.json is not usable.
            DeviceError: this machine does not have the device.
        """
        loaded = load_classifier(find_weights(Path(model) if not isinstance(model, str) else model))
        preprocessing = Preprocessing.from_settings(loaded.processor, loaded.config.img_size)
        network = loaded.network.to(choose_device(device))
        return cls(network, preprocessing, loaded.labels, loaded.notes)

    @torch.inference_mode()
    def __call__(self, picture: Image | PilImage.Image, count: int = 5) -> list[Prediction]:
        """The most probable classes, the best first.

        Args:
            picture: an `Image`, or Pillow's.
            count: how many, at most as many as there are classes.
        """
        image = from_pil(picture) if isinstance(picture, PilImage.Image) else picture
        device = self.network.norm.weight.device
        logits = self.network(self.preprocessing(image).to(device))[0]
        best = logits.softmax(-1).topk(min(count, logits.numel()))
        found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [Prediction(index, self.labels[index], value) for index, value in found]
