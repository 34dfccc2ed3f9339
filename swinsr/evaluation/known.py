"""The datasets that papers use, by name, and where to look for them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from swinsr.errors import ConfigError

NOISE_LEVELS = (15, 25, 50)
JPEG_QUALITIES = (10, 20, 30, 40)
# Folders of pictures inside a dataset's folder: they do not name the dataset.
TRUTH_FOLDERS = ("HR", "GT", "GTmod12", "DIV2K_valid_HR", "original", "target")


@dataclass(frozen=True)
class KnownDataset:
    """A dataset that papers use.

    Attributes:
        name: as papers call it.
        pictures: how many it has.
        task: "sr", "noise" or "jpeg": what it is used for when nothing else is asked.
        gray: whether papers use it in gray.
        aliases: other names of its folder.
    """

    name: str
    pictures: int
    task: str = "sr"
    gray: bool = False
    aliases: tuple[str, ...] = ()


KNOWN = (
    KnownDataset("Set5", 5),
    KnownDataset("Set14", 14),
    KnownDataset("B100", 100, aliases=("BSD100", "BSDS100")),
    KnownDataset("Urban100", 100),
    KnownDataset("Manga109", 109),
    KnownDataset("DIV2K-valid", 100, aliases=("DIV2K_valid", "DIV2K_val", "DIV2K")),
    KnownDataset("Set12", 12, "noise", gray=True),
    KnownDataset("BSD68", 68, "noise", gray=True),
    KnownDataset("CBSD68", 68, "noise"),
    KnownDataset("Kodak24", 24, "noise", aliases=("Kodak",)),
    KnownDataset("McMaster", 18, "noise"),
    KnownDataset("Classic5", 5, "jpeg", gray=True),
    KnownDataset("LIVE1", 29, "jpeg"),
)
_BY_NAME = {name.lower(): known for known in KNOWN for name in (known.name, *known.aliases)}


def known_by_name(name: str) -> KnownDataset | None:
    """The dataset of this name or alias, whatever the case."""
    return _BY_NAME.get(name.lower())


@dataclass(frozen=True)
class Dataset:
    """A folder of pictures.

    Attributes:
        name: for tables; a known dataset's own name where the folder has it.
        root: the folder.
        known: what is known of it.
    """

    name: str
    root: Path
    known: KnownDataset | None = None


def find_datasets(given: Sequence[str], data: Path | None) -> list[Dataset]:
    """All datasets of one call, none twice, each with a name of its own; see `find_dataset`."""
    found = {dataset.root.resolve(): dataset for dataset in (find_dataset(g, data) for g in given)}
    names = Counter(dataset.name for dataset in found.values())
    return [
        replace(dataset, name=f"{dataset.name} ({dataset.root})", known=None)
        if names[dataset.name] > 1
        else dataset
        for dataset in found.values()
    ]


def find_dataset(given: str, data: Path | None) -> Dataset:
    """A folder, or a known dataset by name.

    Args:
        given: a folder, or the name of a known dataset.
        data: the folder that known datasets are in.

    Raises:
        ConfigError: neither, or the dataset is not there; the message says how it must look.
    """
    path = Path(given).expanduser()
    try:
        if path.is_dir():
            return _from_folder(path)
        is_file = path.exists()
    except (OSError, ValueError) as error:  # a name too long, or with a null character
        raise ConfigError(f"{given!r} cannot be a folder ({error}); check the name") from error
    if is_file:
        raise ConfigError(f"{given} is a file; name the folder of pictures that it is in")
    known = known_by_name(given.rstrip("/\\"))  # a shell completes names with a slash
    if known is None:
        names = ", ".join(k.name for k in KNOWN)
        raise ConfigError(f"{given} is neither a folder nor a known dataset ({names})")
    return _from_name(known, data)


def _from_folder(path: Path) -> Dataset:
    resolved = path.resolve()
    named = resolved
    if resolved.name.lower() in {name.lower() for name in TRUTH_FOLDERS}:
        named = resolved.parent  # Set5/HR
    known = known_by_name(named.name)
    return Dataset(known.name if known else named.name or str(resolved), path, known)


def _from_name(known: KnownDataset, data: Path | None) -> Dataset:
    if data is None:
        raise ConfigError(
            f"{known.name} is known by name, but not where it is; name the folder that holds it "
            f"with --data DIR or the variable SWINSR_DATA: {layout_of(known, Path('DIR'))}"
        )
    if not data.is_dir():
        raise ConfigError(f"{data}: there is no such folder; --data names the folder of datasets")
    if known.name == "DIV2K-valid" and (data / "DIV2K_valid_HR").is_dir():
        return Dataset(known.name, data, known)
    wanted = {name.lower() for name in (known.name, *known.aliases)}
    found = sorted(p for p in data.iterdir() if p.name.lower() in wanted and p.is_dir())
    if not found:
        raise ConfigError(f"{known.name} is not in {data}; put it there: {layout_of(known, data)}")
    return Dataset(known.name, found[0], known)


def layout_of(known: KnownDataset, data: Path) -> str:
    """How a known dataset's folder must look, as the end of a sentence."""
    folder = data / known.name
    if known.task != "sr":
        return f"its {known.pictures} pictures as {folder}/NAME.png, and nothing else."
    return (
        f"its {known.pictures} pictures as {folder}/HR/NAME.png and, where low-resolution pictures "
        f"are given, {folder}/LR_bicubic/X4/NAMEx4.png; without those they are made."
    )
