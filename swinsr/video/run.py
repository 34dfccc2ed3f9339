"""A video from file to file: probed, decoded, computed and encoded at once, and put together.

Groups of frames that are encoded lie in a work folder beside the output, with a ledger: a stopped
run goes on after the last whole group, and its result has the frames of one that was not stopped.
"""

import dataclasses
import hashlib
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import av
import torch

from swinsr.errors import ConfigError, ImageReadError, ImageWriteError, OutputExistsError
from swinsr.files.choose import suited
from swinsr.files.convert import enlarged
from swinsr.files.engines import Engines, Suited
from swinsr.files.record import Record
from swinsr.files.settings import Settings
from swinsr.files.signals import StoppedError
from swinsr.files.size import Size
from swinsr.image import Image, probe_image
from swinsr.storage.atomic import atomic_output, exists_problem, write_problem
from swinsr.storage.digest import sha256_of
from swinsr.tiling.workspace import WorkFolder, open_work, work_path
from swinsr.version import __version__
from swinsr.video.decode import Timed, damage_of, read_frames
from swinsr.video.encode import Encoding, plan_encoding
from swinsr.video.mux import Carried, plan_carried, write_video
from swinsr.video.numbered import (
    check_output,
    name_at,
    notes_of,
    numbers_of,
    probe_numbered,
    read_numbered,
)
from swinsr.video.pipeline import read_ahead, write_behind
from swinsr.video.probe import Clip, probe
from swinsr.video.settings import VideoSettings, is_numbered
from swinsr.video.sinks import Groups, PictureSequence, is_turned

# Notified with the frames that are done and those there are; None where that is not known.
FrameProgress: TypeAlias = Callable[[int, int | None], None]

# Results of frames that may come again: stills, and films in which each frame is there twice.
_KEPT = 2
# Settings that belong to picture files alone.
_PICTURE_ONLY = ("format", "quality", "lossless", "strip_metadata")


def run_video(
    source: Path, output: Path, settings: Settings, video: VideoSettings, progress: FrameProgress
) -> Record:
    """Do one video; see `swinsr.video.upscale_video`."""
    began = time.perf_counter()
    try:
        record = _Run(source, output, settings, video, progress).run()
    except av.FFmpegError as error:  # of the encoder: what is read and put together has its own
        raise ImageWriteError(
            f"{output}: its frames could not be encoded ({error.strerror or error}); choose "
            "another --codec or size"
        ) from error
    except OSError as error:
        raise ImageWriteError(write_problem(output, error)) from error
    except StoppedError as stopped:
        if work_path(output).exists():
            stopped.kept = str(output)
        raise
    return dataclasses.replace(record, seconds=time.perf_counter() - began)


class _Run:
    def __init__(
        self,
        source: Path,
        output: Path,
        settings: Settings,
        video: VideoSettings,
        progress: FrameProgress,
    ) -> None:
        """Check everything that can be checked before any work is done."""
        self._source, self._output = source, output
        self._settings, self._video, self._progress = settings, video, progress
        self._from_pictures, self._to_pictures = is_numbered(source), is_numbered(output)
        self._check_names()
        engines = Engines(settings)
        own = engines.check()
        self._models = self._suited(engines)
        self._clip = self._probed()
        self._damage = damage_of(self._clip, video)
        if video.bits == 10 and self._clip.layout.bits == 8:
            # What is rounded at the end of the work has all the bits.
            self._settings = dataclasses.replace(settings, bits=16)
        self._size = self._target(own)
        self._encoding, self._carried = self._planned()
        if self._encoding is not None and self._encoding.size != self._size.final:
            rows, columns = self._encoding.size
            self._size = dataclasses.replace(self._size, height=rows, width=columns)

    def _check_names(self) -> None:
        settings, output = self._settings, self._output
        if self._to_pictures:
            check_output(output, overwrite=settings.overwrite or work_path(output).exists())
            if not output.parent.is_dir():
                output.parent.mkdir(parents=True)
            return
        self._video.container(output)
        for name in _PICTURE_ONLY:
            if getattr(settings, name) != getattr(Settings, name):
                raise ConfigError(f"--{name.replace('_', '-')} is of pictures, not of a video")
        if os.path.lexists(output) and not settings.overwrite:
            raise OutputExistsError(exists_problem(output))

    def _suited(self, engines: Engines) -> Suited:
        """The models as for a picture file, by the first of numbered pictures."""
        if not self._from_pictures:
            return Suited(engines)
        first = name_at(self._source, numbers_of(self._source)[0])
        return suited(engines, self._settings, first, probe_image(first))

    def _probed(self) -> Clip:
        if self._from_pictures:
            return probe_numbered(self._source, self._video)
        return probe(self._source, self._video, self._settings.max_pixels)

    def _target(self, own: float) -> Size:
        """What a frame becomes, as stored; widths and heights are asked for as it is shown."""
        height, width = self._clip.size
        turned = is_turned(self._clip.rotation)
        if turned:
            height, width = width, height
        size = self._settings.target.size(height, width, own)
        if size.crop is not None:
            raise ConfigError("--fit crop is of pictures, not of a video; use inside or cover")
        if turned:
            size = dataclasses.replace(size, height=size.width, width=size.height)
        return size

    def _planned(self) -> tuple[Encoding | None, Carried]:
        if self._to_pictures:
            return None, Carried((), ())
        threads = os.cpu_count() or 1
        encoding = plan_encoding(
            self._clip, (self._size.height, self._size.width), self._output, self._video, threads,
        )  # fmt: skip
        if self._from_pictures:
            return encoding, Carried((), notes_of(self._clip))
        return encoding, plan_carried(self._clip, self._output, self._video)

    def run(self) -> Record:
        """Do what an earlier run left, and put it together."""
        told: list[str] = []
        with open_work(self._output, self._key(), fresh=not self._settings.resume) as (
            work,
            changed,
        ):
            if changed:
                told.append(
                    f"the {' and the '.join(changed)} changed since an earlier run was stopped; "
                    "starting anew"
                )
            sink = self._sink(work)
            if sink.done:
                told.append(f"going on after {sink.done} frames of an earlier run")
            if not sink.complete:
                self._compute(sink, work)
            damage = work.settle("damage", count=0, notes=[])
            if sink.done == 0:
                raise ImageReadError(f"{self._source}: no frame lies between --start and --end")
            if isinstance(sink, Groups):
                self._put_together(sink)
            else:
                told += sink.notes
            work.finish()
        return self._record(sink.done, told, damage)

    def _sink(self, work: WorkFolder) -> Groups | PictureSequence:
        if self._encoding is None:
            first = numbers_of(self._source)[0] if self._from_pictures else None
            return PictureSequence(work, self._output, self._settings, self._clip, first)
        threads = work.settle("plan", threads=self._encoding.threads)["threads"]
        if threads != self._encoding.threads:
            self._encoding = plan_encoding(
                self._clip, self._encoding.size, self._output, self._video, threads,
            )  # fmt: skip
        return Groups(work, self._encoding)

    def _compute(self, sink: Groups | PictureSequence, work: WorkFolder) -> None:
        total = self._total()
        done = sink.done
        self._progress(done, total)
        frames = self._frames(done)
        results: OrderedDict[bytes, Image] = OrderedDict()
        with closing(read_ahead(frames)) as ahead, write_behind(sink.write) as put:
            for timed in ahead:
                put(dataclasses.replace(timed, image=self._one(timed.image, results)))
                done += 1
                self._progress(done, total)
        # Before the end, behind which nothing is decoded any more.
        work.settle("damage", count=self._damage.count, notes=list(self._damage.notes))
        sink.end()

    def _frames(self, skip: int) -> Generator[Timed, None, None]:
        if self._from_pictures:
            return read_numbered(self._clip, self._video, self._settings.max_pixels, skip)
        return read_frames(self._clip, self._video, self._damage, skip)

    def _one(self, image: Image, results: "OrderedDict[bytes, Image]") -> Image:
        """A frame, done; one that is the same as before is not computed again."""
        total = hashlib.blake2b(image.pixels.tobytes(), digest_size=32)
        if image.alpha is not None:
            total.update(image.alpha.tobytes())
        key = total.digest()
        if key in results:
            results.move_to_end(key)
            return dataclasses.replace(results[key], metadata=image.metadata)
        done = enlarged(
            self._models, self._settings, image, self._size, str(self._source), lambda share: None
        )
        results[key] = done
        if len(results) > _KEPT:
            results.popitem(last=False)
        return done

    def _total(self) -> int | None:
        """Frames that are going to be written, as far as known."""
        video, frames = self._video, self._clip.frames
        if frames is None or (video.start is None and video.end is None):
            return frames
        seconds = float(frames / self._clip.rate)
        end = seconds if video.end is None else min(video.end, seconds)
        return max(round((end - (video.start or 0.0)) * float(self._clip.rate)), 1)

    def _put_together(self, sink: Groups) -> None:
        assert self._encoding is not None
        if len({group.extradata for group in sink.groups}) > 1:
            raise ImageWriteError(
                f"{self._output}: an earlier run left groups of another encoder; start anew with "
                "--no-resume"
            )
        clip = None if self._from_pictures else self._clip
        with atomic_output(self._output, overwrite=self._settings.overwrite) as stream:
            try:
                write_video(
                    Path(stream.name), self._video.container(self._output), sink.groups,
                    self._encoding, clip, self._carried, self._video,
                )  # fmt: skip
            except av.FFmpegError as error:
                raise ImageWriteError(
                    f"{self._output}: it could not be written ({error.strerror or error}); check "
                    "the disk, or choose .mkv, which holds most"
                ) from error

    def _key(self) -> dict[str, str]:
        """Everything that the result depends on."""
        size, engine = self._size, self._models.get(self._size.scale).engine
        video = dataclasses.asdict(self._video) | {"rate": str(self._video.rate)}
        del video["strict"]  # which changes no frame
        encoding = None
        if self._encoding is not None:
            encoding = repr(dataclasses.replace(self._encoding, threads=0, options=tuple(
                pair for pair in self._encoding.options if not pair[0].endswith("-params")
            )))  # fmt: skip
        tiling = engine.tiling
        options = {
            "size": (size.height, size.width, size.scale),
            "video": video,
            "encoding": encoding,
            "picture": [getattr(self._settings, name) for name in (*_PICTURE_ONLY, "bits")],
            "tiling": (tiling.mode, tiling.tile, tiling.shared) if engine.tileable else None,
        }
        return {
            "input": self._digest(),
            "model": engine.identity(),
            "options": json.dumps(options, sort_keys=True),
            "program": f"swinsr {__version__} torch {torch.__version__} PyAV {av.__version__}",
        }

    def _digest(self) -> str:
        paths = [self._source]
        if self._from_pictures:
            paths = [name_at(self._source, number) for number in numbers_of(self._source)]
        try:
            return sha256_of(*paths)
        except OSError as error:
            raise ImageReadError(
                f"{self._source}: it cannot be read ({error.strerror}); check the file"
            ) from error

    def _record(self, frames: int, told: list[str], damage: dict[str, Any]) -> Record:
        engine = self._models.get(self._size.scale).engine
        height, width = self._clip.size
        notes = self._encoding.notes if self._encoding is not None else ()
        return Record(
            str(self._source),
            str(self._output),
            "done",
            size=(width, height),
            output_size=(self._size.width, self._size.height),
            frames=frames,
            model=engine.name,
            precision=engine.precision,
            reason=self._models.why(self._size.scale),
            notes=(
                *engine.notes,
                *told,
                *self._clip.notes,
                *notes,
                *self._carried.notes,
                *damage["notes"],
            ),
            damaged=damage["count"],
        )
