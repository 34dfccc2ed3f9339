"""Video in, video out: frames as `swinsr upscale` does pictures, everything else carried over.

`upscale_video` is the way in; it needs PyAV, whose wheels hold FFmpeg.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.install import install_extra
from swinsr.video.settings import VideoSettings

if TYPE_CHECKING:
    from swinsr.files.record import Record
    from swinsr.video.run import FrameProgress

__all__ = ["VideoSettings", "upscale_video"]
_AS_ASKED, _AS_SHOT = Settings(), VideoSettings()


def upscale_video(
    source: str | Path,
    output: str | Path,
    settings: Settings = _AS_ASKED,
    video: VideoSettings = _AS_SHOT,
    progress: "FrameProgress | None" = None,
) -> "Record":
    """Upscale or restore a video; sound, subtitles, chapters and timing are those of the source.

    Args:
        source: a video file, or numbered pictures such as `in/%06d.png`.
        output: the video to write (.mp4, .mov, .mkv, .webm), or numbered pictures.
        settings: what is done to each frame.
        video: how it is encoded, and which part of it.
        progress: notified with the frames done and those there are, as far as known.

    Returns:
        What was done; `frames` are those that were written.

    Raises:
        ConfigError: PyAV is not installed, or settings that contradict each other.
        SwinsrError: whatever else went wrong; what is finished stays beside the output, and the
            same call goes on with it.
    """
    try:
        import av  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"to read and write video, PyAV has to be installed: {install_extra('video')}"
        ) from error
    from swinsr.video.run import run_video

    return run_video(Path(source), Path(output), settings, video, progress or (lambda *_: None))
