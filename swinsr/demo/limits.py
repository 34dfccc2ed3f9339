"""What one visitor may ask of the server."""

from dataclasses import dataclass

from swinsr.errors import ConfigError, ImageTooLargeError

# Without a byte for so long, a client is gone or means no good.
IDLE_SECONDS = 30.0


@dataclass(frozen=True)
class Limits:
    """Bounds on uploads, results and work.

    Attributes:
        max_pixels: of one uploaded picture, read from its header before anything is decoded.
        max_output_pixels: of one result.
        max_bytes: of one uploaded file.
        max_files: of one batch.
        seconds: of work for one job; waiting in the queue does not count.
        concurrency: jobs that run at the same time.
        queue: jobs that may wait; more are refused.
        keep_seconds: how long uploads and results stay on the server.
        folder_bytes: of all uploads and results together; above it uploads are refused.
    """

    max_pixels: int = 16_000_000
    max_output_pixels: int = 256_000_000
    max_bytes: int = 64 << 20
    max_files: int = 50
    seconds: float = 600.0
    concurrency: int = 1
    queue: int = 64
    keep_seconds: float = 3600.0
    folder_bytes: int = 8 << 30

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could run.

        Raises:
            ConfigError: a limit that is not above 0.
        """
        for name, value in vars(self).items():
            if not value > 0:
                raise ConfigError(f"{name} is {value:g}, and a limit of the demo is above 0")

    def check_input(self, name: str, height: int, width: int) -> None:
        """Refuse a picture that is too large to be decoded here.

        Raises:
            ImageTooLargeError: naming the picture, its size and the limit.
        """
        if height * width > self.max_pixels:
            raise ImageTooLargeError(
                f"{name}: {width} x {height} is {height * width:,} pixels, and this server takes "
                f"at most {self.max_pixels:,}; make the picture smaller first"
            )

    def check_output(self, name: str, height: int, width: int) -> None:
        """Refuse a result that is too large to be made here.

        Raises:
            ImageTooLargeError: naming the picture, the size asked for and the limit.
        """
        if height * width > self.max_output_pixels:
            raise ImageTooLargeError(
                f"{name}: the result would be {width} x {height}, {height * width:,} pixels, and "
                f"this server makes at most {self.max_output_pixels:,}; choose a smaller size"
            )
