"""Which file is whose truth: the usual layouts of datasets in folders.

NAME/                       pictures alone
NAME/HR/ (or GT, GTmod12, original, target, DIV2K_valid_HR)
NAME/LR_bicubic/X4/ax4.png  beside it, for HR/a.png; also LR/X4, LRbicx4, DIV2K_valid_LR_bicubic
NAME/LR/ (or LQ, input)     one scale, or the same size: a.png, ax4.png, a_x4.png, a_LR.png
NAME/image_SRF_4/           a_SRF_4_HR.png with a_SRF_4_LR.png
NAME/                       a_HR.png with a_LR.png, side by side

What a pair may be called is in `swinsr.evaluation.pairs`.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from swinsr.errors import ConfigError, ImageReadError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.known import TRUTH_FOLDERS
from swinsr.evaluation.pairs import NamedPictures, base_of, composed, poor_names
from swinsr.image import FORMATS

_FLAT = ("LR", "LQ", "input", "LR_bicubic")


@dataclass(frozen=True)
class Item:
    """One picture of a dataset.

    Attributes:
        name: unique in the dataset.
        truth: the picture to reach.
        source: the poor picture where the dataset gives it, whether or not it is there; None
            where it is to be made.
    """

    name: str
    truth: Path
    source: Path | None = None


@dataclass(frozen=True)
class Items:
    """A dataset's pictures for one condition, and sentences on what was left out or made."""

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()


def list_items(root: Path, condition: Condition) -> Items:
    """The pictures of a folder, by name.

    Raises:
        ImageReadError: the folder cannot be read or has no picture.
        ConfigError: the condition is "pair" and the folder has no pairs.
    """
    try:
        return _list_items(root, condition)
    except OSError as error:
        raise ImageReadError(
            f"{root}: the folder cannot be read ({error.strerror}); check its permissions"
        ) from error


def _list_items(root: Path, condition: Condition) -> Items:
    scale = condition.scale
    srf = root / f"image_SRF_{scale}"
    if condition.kind == "sr" and srf.is_dir():
        return _from_srf(srf, scale)
    truths, notes = _pictures(truth_folder(root))
    sources = None
    if condition.kind in ("sr", "pair"):
        beside = _side_by_side(truths, scale)
        if beside:
            return Items(beside, tuple(notes))
        sources = _source_folder(root, scale)
    if condition.kind == "pair" and sources is None:
        raise ConfigError(
            f"{root} has no poor pictures beside the truth; put them in {root}/LQ under the same "
            "names, or ask for --noise or --quality to have them made"
        )
    if condition.kind == "sr" and sources is None:
        notes.append(
            f"{root}: no x{scale} pictures are given; they are made as MATLAB's imresize does."
        )
    names = _names(truths)
    if sources is None:
        return Items(tuple(map(Item, names, truths)), tuple(notes))
    given = NamedPictures(sorted(path for path in sources.iterdir() if _is_picture(path)))
    items = (
        Item(name, path, _source_of(path, given, sources, scale))
        for path, name in zip(truths, names, strict=True)
    )
    return Items(tuple(items), tuple(notes))


def has_pairs(root: Path) -> bool:
    """Whether a folder gives a poor picture of the same size for each truth."""
    truths = truth_folder(root)
    if truths != root:
        return _source_folder(root, 1) is not None
    return bool(_side_by_side(sorted(p for p in root.iterdir() if _is_picture(p)), 1))


def _side_by_side(pictures: list[Path], scale: int) -> tuple[Item, ...]:
    """Pairs such as a_HR.png and a_LR.png in one folder; nothing unless all are of such pairs."""
    truths = [path for path in pictures if base_of(composed(path.stem)) != composed(path.stem)]
    given = NamedPictures(path for path in pictures if path not in truths)
    found = [(path, _find(path, given, scale)) for path in truths]
    taken = {source for _, source in found if source is not None}
    if not taken or len(taken) != len(truths) or len(taken) + len(truths) != len(pictures):
        return ()
    names = _names(truths)
    return tuple(
        Item(name, path, source) for name, (path, source) in zip(names, found, strict=True)
    )


def truth_folder(root: Path) -> Path:
    """The folder inside a dataset's folder that holds the truth; the folder itself if none."""
    children = _children(root)
    for name in TRUTH_FOLDERS:
        if name.lower() in children:
            return children[name.lower()]
    return root


def _children(folder: Path) -> dict[str, Path]:
    return {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}


def _source_folder(root: Path, scale: int) -> Path | None:
    children = _children(root)
    if scale > 1:
        for name in ("lr_bicubic", "lr", "div2k_valid_lr_bicubic"):
            inside = _children(children[name]) if name in children else {}
            if f"x{scale}" in inside:
                return inside[f"x{scale}"]
        for name in (f"lrbicx{scale}", f"lr_bicubic_x{scale}", f"lrx{scale}", f"lr_x{scale}"):
            if name in children:
                return children[name]
    for name in _FLAT:
        folder = children.get(name.lower())
        if folder is not None and any(_is_picture(path) for path in folder.iterdir()):
            return folder
    return None


def _find(truth: Path, given: NamedPictures, scale: int) -> Path | None:
    found = (given.find(name, truth.suffix) for name in poor_names(truth.stem, scale))
    return next((path for path in found if path is not None), None)


def _source_of(truth: Path, given: NamedPictures, folder: Path, scale: int) -> Path:
    """The poor picture of a truth; where it is missing, where it was expected."""
    usual = poor_names(truth.stem, scale)[0] + truth.suffix
    return _find(truth, given, scale) or folder / usual


def _from_srf(folder: Path, scale: int) -> Items:
    truths, notes = _pictures(folder, f"_SRF_{scale}_HR")
    given = NamedPictures(sorted(path for path in folder.iterdir() if _is_picture(path)))
    items = []
    for path in truths:
        name = path.stem.removesuffix(f"_SRF_{scale}_HR")
        poor = f"{name}_SRF_{scale}_LR"
        source = given.find(composed(poor), path.suffix) or path.with_name(poor + path.suffix)
        items.append(Item(name, path, source))
    return Items(tuple(items), tuple(notes))


def _pictures(folder: Path, ending: str = "") -> tuple[list[Path], list[str]]:
    files = [p for p in folder.iterdir() if not p.name.startswith(".") and not p.is_dir()]
    pictures = sorted(p for p in files if _is_picture(p) and p.stem.endswith(ending))
    if not pictures:
        raise ImageReadError(
            f"{folder}: there is no picture in this folder; it must hold the truth as .png, .jpg, "
            ".webp, .tif or .bmp, directly or in a folder HR or GT"
        )
    others = sorted(p.name for p in files if not _is_picture(p))
    if not others:
        return pictures, []
    named = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
    return pictures, [
        f"{folder}: {len(others)} files are no pictures by their suffix or kind ({named})."
    ]


def _is_picture(path: Path) -> bool:
    if path.suffix.lower() not in FORMATS or path.name.startswith("."):
        return False
    # A link to nothing fails where it is read; a pipe or device would never end.
    return path.is_file() or (path.is_symlink() and not path.exists())


def _names(paths: list[Path]) -> list[str]:
    """Stems, or whole names where two pictures share a stem."""
    stems = Counter(path.stem for path in paths)
    return [path.stem if stems[path.stem] == 1 else path.name for path in paths]
