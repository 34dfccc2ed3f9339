"""What to type first: the examples of help, manual and of `swinsr` alone."""

from typing import NamedTuple


class Example(NamedTuple):
    """A command line, and what comes of it."""

    line: str
    what: str


# Of `swinsr` alone.
FIRST = (
    Example("swinsr photo.jpg", "photo_x4.png, four times as large"),
    Example("swinsr scans/ -o bigger/ --scale 2", "a folder of pictures, twice as large"),
    Example("swinsr restore old.jpg --task jpeg", "JPEG artefacts taken out, same size"),
)

# By the words of the command; each first word of a group's own stands for the group alone.
EXAMPLES: dict[str, tuple[Example, ...]] = {
    "swinsr": FIRST,
    "swinsr upscale": (
        Example("swinsr upscale photo.jpg", "photo_x4.png beside it, four times as large"),
        Example("swinsr upscale scans/ -o bigger/ -s 2", "every picture of a folder, twice"),
        Example("swinsr upscale logo.png --width 3000", "3000 pixels wide, as high as it takes"),
        Example("swinsr upscale map.tif -o big.tif --memory 4G", "larger than the memory"),
    ),
    "swinsr restore": (
        Example("swinsr restore old.jpg --task jpeg", "old_restored.png beside it"),
        Example("swinsr restore dark.png --task denoise", "dark_denoised.png beside it"),
        Example("swinsr restore in.png -t denoise --strength 0.5", "half of it: grain is kept"),
    ),
    "swinsr evaluate": (
        Example("swinsr evaluate Set5 -s 4 --data testsets", "a known dataset below testsets/"),
        Example("swinsr evaluate photos/ -s 2 --html report.html", "pictures of one's own"),
    ),
    "swinsr train": (
        Example("swinsr train tiny", "a recipe that ships"),
        Example("swinsr train mine.toml --resume", "go on from the last checkpoint"),
    ),
    "swinsr models": (
        Example("swinsr models", "all that are known by name"),
        Example("swinsr models info swinsr-light-x4", "everything about one"),
        Example("swinsr models download swin2sr-classical-x4", "then --model takes its name"),
    ),
    "swinsr info": (
        Example("swinsr info my_swinir.pth", "what a checkpoint holds"),
        Example("swinsr info swinsr-light-x4", "or a model by its name"),
    ),
    "swinsr doctor": (Example("swinsr doctor", "to be added to a report of a fault"),),
    "swinsr classify": (
        Example(
            "swinsr classify cat.jpg -m microsoft/swin-tiny-patch4-window7-224",
            "its five most probable labels",
        ),
    ),
    "swinsr export": (
        Example("swinsr export swinsr-light-x4 x4.onnx --dynamic", "ONNX, for any size"),
        Example("swinsr export my_swinir.pth out.safetensors --keep-buffers", "for spandrel"),
    ),
    "swinsr demo": (
        Example("swinsr demo", "then open the address that it prints"),
        Example("swinsr demo --host 0.0.0.0 --auth me:secret", "for others in the network"),
    ),
    "swinsr serve": (
        Example("swinsr serve", "then POST pictures to /v1/upscale; /docs tells more"),
        Example("swinsr serve --page --token secret", "the page, too; the token lets in"),
    ),
    "swinsr clean": (
        Example("swinsr clean", "what stopped runs left in this folder; asks before it deletes"),
        Example("swinsr clean scans/ --recursive --yes", "below scans/, without asking"),
    ),
}
