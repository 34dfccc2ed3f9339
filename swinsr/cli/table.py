"""The options of every command that makes files of files: each once, by the setting it fills."""

from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer

from swinsr.cli.views.complete import choices, model_names
from swinsr.cli.views.page import HEADINGS
from swinsr.files.size import Fit

_RESULT, _QUALITY, _MODEL, _LARGE, _MACHINE = HEADINGS


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise typer.BadParameter(f"{text!r} is none of {', '.join(choices)}")
        return text

    return check


# By the setting's name, in the order of the help.
OPTIONS: dict[str, Any] = {
    "task": Annotated[
        str,
        typer.Option(
            "-t",
            "--task",
            metavar="denoise|jpeg",
            callback=_one_of("denoise", "jpeg"),
            help="What to take out: noise, or the artefacts of JPEG.",
            autocompletion=choices("denoise", "jpeg"),
            rich_help_panel=_MODEL,
        ),
    ],
    "scale": Annotated[
        float | None,
        typer.Option(
            "-s",
            "--scale",
            metavar="X",
            help="Enlargement, 1 to 64. Default: the model's own, else 4.",
            rich_help_panel=_RESULT,
        ),
    ],
    "width": Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Width of the result in pixels, instead of a scale.",
            rich_help_panel=_RESULT,
        ),
    ],
    "height": Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Height of the result in pixels.", rich_help_panel=_RESULT
        ),
    ],
    "max_side": Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="The result's longer side; with --scale, its limit.",
            rich_help_panel=_RESULT,
        ),
    ],
    "fit": Annotated[
        str,
        typer.Option(
            metavar="HOW",
            callback=_one_of(*get_args(Fit)),
            help="With --width and --height: inside them, cover them, crop to them, or stretch.",
            autocompletion=choices(*get_args(Fit)),
            rich_help_panel=_RESULT,
        ),
    ],
    "strength": Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="How much of the change is taken, 0 to 1; the rest is the picture as it was.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "model": Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME|FILE",
            help="A name that `swinsr models` lists, a weights file, an ONNX file, a Hugging Face "
            "folder, or bicubic. Default: auto, the bundled model that suits the picture.",
            autocompletion=model_names,
            rich_help_panel=_MODEL,
        ),
    ],
    "fast": Annotated[
        bool,
        typer.Option(
            "--fast",
            help="The quicker of the bundled models: less time, slightly less sharp.",
            rich_help_panel=_MODEL,
        ),
    ],
    "sharpness": Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="Crisp, not faithful: 1 paints detail that looks right, 0 only what is known.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "device": Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What computes: auto, cpu, cuda, cuda:1, xpu, mps.",
            rich_help_panel=_MACHINE,
            autocompletion=choices("auto", "cpu", "cuda", "xpu", "mps"),
        ),
    ],
    "best": Annotated[
        bool,
        typer.Option(
            "--best",
            help="Scales that are no model's (5, 6, 8): by a further pass that is reduced, however "
            "long it takes, and not by interpolation at the end.",
            rich_help_panel=_MODEL,
        ),
    ],
    "precision": Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="float32, bfloat16, tf32 (CUDA), float16 (with --force), or auto: bfloat16 where "
            "it is quicker and as good.",
            autocompletion=choices("auto", "float32", "bfloat16", "tf32", "float16"),
            rich_help_panel=_MACHINE,
        ),
    ],
    "force_float16": Annotated[
        bool,
        typer.Option(
            "--force",
            help="Take float16 although most networks overflow in it.",
            rich_help_panel=_MACHINE,
        ),
    ],
    "self_ensemble": Annotated[
        bool,
        typer.Option(
            "--self-ensemble",
            help="The mean over eight flips and rotations: slightly better, eight times as long.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "format": Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of the outputs: png, jpg, webp, tif, bmp, gif, avif, heic. Default: by the name "
            "of -o; beside the input, its own for PNG, TIFF and BMP, else PNG.",
            autocompletion=choices("png", "jpg", "webp", "tif", "bmp", "gif", "avif", "heic"),
            rich_help_panel=_RESULT,
        ),
    ],
    "quality": Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="N",
            help="Of the encoder, 1 to 100, for JPEG, WebP, AVIF, HEIC. Default: 95.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "lossless": Annotated[
        bool,
        typer.Option(
            "--lossless", help="Keep every pixel; WebP has to be told.", rich_help_panel=_QUALITY
        ),
    ],
    "bits": Annotated[
        int | None,
        typer.Option(
            metavar="8|16|32",
            help="Bits per sample of the outputs; 32 is float. Default: the input's.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "strip_metadata": Annotated[
        bool,
        typer.Option(
            "--strip-metadata",
            help="Leave EXIF, XMP and resolution out; the colour profile stays.",
            rich_help_panel=_RESULT,
        ),
    ],
    "memory": Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            help="The most memory to take, as 4G. Default: a share of what is free.",
            rich_help_panel=_LARGE,
        ),
    ],
    "mode": Annotated[
        str,
        typer.Option(
            "--mode",
            metavar="HOW",
            help="exact: the picture as a whole; overlap: in blended tiles; auto: exact while it "
            "fits the memory.",
            autocompletion=choices("auto", "exact", "overlap"),
            rich_help_panel=_LARGE,
        ),
    ],
    "tile": Annotated[
        str | None,
        typer.Option(
            "--tile",
            metavar="N|off",
            help="Side of a tile in input pixels; off is --mode exact. Default: what fits the "
            "memory.",
            rich_help_panel=_LARGE,
        ),
    ],
    "overlap": Annotated[
        int | None,
        typer.Option(
            "--overlap",
            min=0,
            metavar="N",
            help="Pixels that neighbouring tiles share. Default: 48.",
            rich_help_panel=_LARGE,
        ),
    ],
    "resume": Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume",
            help="Go on with what a stopped run finished of a picture in tiles, or start anew.",
            rich_help_panel=_LARGE,
        ),
    ],
    "max_pixels": Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Refuse larger inputs; guards against decompression bombs. Default: 250 million.",
            rich_help_panel=_LARGE,
            show_default=False,
        ),
    ],
    "overwrite": Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace outputs that are there.", rich_help_panel=_RESULT
        ),
    ],
    "skip_existing": Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out pictures whose output is there.",
            rich_help_panel=_RESULT,
        ),
    ],
}
