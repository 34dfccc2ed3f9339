"""Where the work is done, and by how many."""

import dataclasses

from swinsr.errors import ConfigError

LOCAL = "local"


@dataclasses.dataclass(frozen=True)
class ClusterSettings:
    """The settings of a run on Ray.

    Attributes:
        address: of a cluster, as "auto", "HOST:PORT" or "ray://HOST:PORT"; "local" starts one on
            this machine, and ends it.
        workers: the fewest and the most; None for as many as the cluster has GPUs or processors
            for.
        gpus_per_worker: a whole number, or a share of one; None for one where there are GPUs.
        threads: of each worker without a GPU.
        tiles: a URL that fsspec knows, for the tiles of a raster, where workers do not share the
            output's folder.

    Raises:
        ConfigError: a value that is none.
    """

    address: str = LOCAL
    workers: tuple[int, int] | None = None
    gpus_per_worker: float | None = None
    threads: int = 1
    tiles: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be before Ray is loaded."""
        if not self.address:
            raise ConfigError("the address of a cluster is HOST:PORT, auto, or local")
        if self.workers is not None and not 1 <= self.workers[0] <= self.workers[1]:
            raise ConfigError("--workers is N, or MIN,MAX with MIN from 1 up to MAX")
        if self.threads < 1:
            raise ConfigError("a worker has at least one thread")
        gpus = self.gpus_per_worker
        if gpus is not None and (gpus < 0 or (gpus > 1 and not float(gpus).is_integer())):
            raise ConfigError("--gpus-per-worker is 0, a share of one GPU, or a whole number")
