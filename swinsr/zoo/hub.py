"""Models on the Hugging Face Hub, by their ids.

The files lie in Hugging Face's own cache (HF_HOME), and its settings hold: HF_ENDPOINT for a
mirror, HF_TOKEN for private models, HF_HUB_OFFLINE.
"""

import re
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from swinsr.errors import DownloadError, ModelNotFoundError
from swinsr.zoo.cache import is_offline
from swinsr.zoo.connect import connect

ID = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}")
SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".json", ".onnx")
SETTINGS = ["config.json", "preprocessor_config.json"]
WEIGHTS = (
    ["model.safetensors", "model.safetensors.index.json", "model-*.safetensors"],
    ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"],
)


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of an id, owner/model, and not of a weights file's path."""
    return ID.fullmatch(name) is not None and not name.endswith(SUFFIXES)


def hub_folder(name: str) -> Path:
    """The folder of a model on the Hub, downloaded where it is not there yet.

    Of several formats of the weights only safetensors is fetched, where it exists.

    Raises:
        ModelNotFoundError: there is no such model, or it needs a login.
        DownloadError: it is not on this machine and the Hub cannot be reached, or may not be.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    offline = is_offline()
    # Without a connection, what is here already is taken; the Hub's own client would wait longer.
    unreached = None if offline else _unreached(constants.ENDPOINT)
    local = offline or unreached is not None
    try:
        for weights in WEIGHTS:
            folder = Path(
                snapshot_download(
                    name,
                    allow_patterns=[*SETTINGS, *weights],
                    local_files_only=local,
                )
            )
            if any((folder / file).is_file() for file in weights[:2]):
                return folder
    except GatedRepoError as error:
        raise ModelNotFoundError(
            f"{name} on the Hugging Face Hub needs a login; accept its terms there and set HF_TOKEN"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelNotFoundError(
            f"{name} is no file or folder here and no public model on the Hugging Face Hub"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = unreached or f"the Hugging Face Hub cannot be reached ({error})"
        if offline:
            reason = "downloads are forbidden (SWINSR_OFFLINE or HF_HUB_OFFLINE)"
        raise DownloadError(f"{name} is not on this machine, and {reason}") from error
    if local:
        raise DownloadError(f"{name} is on this machine without its weights, and it is offline")
    raise ModelNotFoundError(f"{name} on the Hugging Face Hub holds no weights of a known format")


def _unreached(url: str) -> str | None:
    """Why a server is not there, as the end of a sentence; None where it is."""
    place = urlsplit(url)
    host = place.hostname or ""
    if urllib.request.getproxies().get(place.scheme) and not urllib.request.proxy_bypass(host):
        return None  # the proxy's to tell
    try:
        connect((host, place.port or (443 if place.scheme == "https" else 80))).close()
    except OSError as error:
        return f"there is no connection to {host} ({error.strerror or error})"
    return None
