"""The options that several commands share."""

from typing import Annotated, TypeAlias

import typer

from swinsr.cli.names import Name, named
from swinsr.image.limits import DEFAULT_MAX_PIXELS

Inputs: TypeAlias = Annotated[
    list[Name],
    typer.Argument(
        metavar="INPUT...",
        help="Pictures, folders of pictures, patterns such as 'scans/*.tif', or - for standard "
        "input.",
        show_default=False,
        parser=named,
    ),
]
Output: TypeAlias = Annotated[
    Name | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|DIR|-",
        parser=named,
        help="Where to write: a file, a folder for several inputs (made where missing; a name that "
        "ends in / is one), or - for standard output. Default: beside each input.",
    ),
]
Device: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1, mps.")
]
Precision: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="float32, bfloat16, float16 (with --force), or auto: bfloat16 where it is quicker and "
        "as good.",
    ),
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Take float16 although most networks overflow in it.")
]
SelfEnsemble: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--self-ensemble",
        help="The mean over eight flips and rotations: slightly better, eight times as long.",
    ),
]
Recursive: TypeAlias = Annotated[
    bool,
    typer.Option(
        "-r", "--recursive", help="Folders within folders too; the tree is kept below -o."
    ),
]
Jobs: TypeAlias = Annotated[
    int,
    typer.Option(
        "-j",
        "--jobs",
        min=1,
        metavar="N",
        help="Pictures at a time, each in a process of its own. Helps with many small ones.",
    ),
]
Format: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Of the outputs: png, jpg, webp, tif, bmp, gif, avif, heic. Default: by the name of "
        "-o; beside the input, its own for PNG, TIFF and BMP, else PNG.",
    ),
]
Quality: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, max=100, metavar="N", help="1 to 100, for JPEG, WebP, AVIF, HEIC. Default: 95."
    ),
]
Lossless: TypeAlias = Annotated[
    bool, typer.Option("--lossless", help="Keep every pixel; WebP has to be told.")
]
Bits: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="8|16|32", help="Per sample of the outputs; 32 is float. Default: the input's."
    ),
]
Strip: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--strip-metadata", help="Leave EXIF, XMP and resolution out; the colour profile stays."
    ),
]
MaxPixels: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Refuse larger inputs; guards against decompression bombs."
    ),
]
Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that are there.")
]
SkipExisting: TypeAlias = Annotated[
    bool, typer.Option("--skip-existing", help="Leave out pictures whose output is there.")
]
AsJson: TypeAlias = Annotated[
    bool,
    typer.Option("--json", help="One JSON object a picture on standard output, as a line."),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Print failures only.")]

DEFAULT_LIMIT = DEFAULT_MAX_PIXELS
