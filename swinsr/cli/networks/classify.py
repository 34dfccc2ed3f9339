"""`swinsr classify`: what a picture shows."""

import sys
from pathlib import Path

import typer

from swinsr.cli.views.console import report_error, report_note
from swinsr.errors import SwinsrError


def classify(
    images: list[Path] = typer.Argument(
        ..., metavar="IMAGE...", help="Pictures.", show_default=False
    ),
    model: str = typer.Option(
        ...,
        "-m",
        "--model",
        metavar="DIR|FILE|ID",
        help="A Swin or Swin V2 classifier: a folder or weights file, or a Hugging Face Hub id "
        "such as microsoft/swin-tiny-patch4-window7-224.",
    ),
    top: int = typer.Option(5, "--top", min=1, help="How many labels."),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1, xpu, mps."),
) -> None:
    """Print the most probable labels of pictures.

    Each with its probability.

    A picture that fails does not stop the others: it is named on standard error and the exit
    status is 1.
    """
    from swinsr.zoo import find_weights, is_hub_id

    if not is_hub_id(model):
        find_weights(model)  # a wrong name is told before torch is loaded
    from swinsr.classify.classifier import Classifier
    from swinsr.image import read_image

    classifier = Classifier.from_pretrained(model, device=device)
    for note in classifier.notes:
        report_note(note)
    failed = False
    for image in images:
        try:
            predictions = classifier(read_image(image), top)
        except SwinsrError as error:
            failed = True
            report_error(error)
            continue
        if len(images) > 1:
            typer.echo(str(image))
        for prediction in predictions:
            typer.echo(f"{prediction.probability:.5f}  {prediction.label}")
    if failed:
        sys.exit(1)
