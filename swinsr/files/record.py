"""The record of a job: what happened, for people and, as one line of JSON, for programs."""

import dataclasses
import json
from typing import Literal

# JSON lets them stand as they are, and terminals obey them.
_CONTROLS = {code: f"\\u{code:04x}" for code in range(127, 160)}


@dataclasses.dataclass(frozen=True)
class Record:
    """One job of a run: a picture file in, a picture file out.

    Attributes:
        input, output: names as they were given or made.
        status: "done", "skipped" (the output was there) or "failed".
        size, output_size: (width, height), upright; None where it did not come to that.
        frames: pictures in the file: of an animation, or pages.
        seconds: from reading to the finished file.
        model: that was used.
        precision: what it computed in: "float32", "bfloat16", "bfloat16 (emulated)", ...
        reason: why that model was taken, where the picture spoke for it; of what was skipped, why.
        notes: what could not be kept as it was.
        damaged: frames of a video that were mended by the decoder, or left out.
        error: the sentence, where it failed.
    """

    input: str
    output: str
    status: Literal["done", "skipped", "failed"]
    size: tuple[int, int] | None = None
    output_size: tuple[int, int] | None = None
    frames: int = 1
    seconds: float = 0.0
    model: str | None = None
    precision: str | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    damaged: int = 0
    error: str | None = None

    def to_json(self) -> str:
        """One line of valid UTF-8, whatever the names: what is none, and controls, as escapes."""
        plain = dataclasses.asdict(self) | {"seconds": round(self.seconds, 3)}
        text = json.dumps(plain, ensure_ascii=False).translate(_CONTROLS)
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    @classmethod
    def from_json(cls, line: str) -> "Record":
        """What `to_json` gave."""
        plain = json.loads(line)
        for key in ("size", "output_size"):
            plain[key] = plain[key] and (int(plain[key][0]), int(plain[key][1]))
        return cls(**{**plain, "notes": tuple(plain["notes"])})

    @property
    def summary(self) -> str:
        """The line for a finished picture."""
        if self.status == "skipped":
            return f"{self.input} -> {self.output}  {self.reason or 'skipped, it is there'}"
        before, after = ("x".join(map(str, size or ())) for size in (self.size, self.output_size))
        frames = f"  {self.frames} frames" if self.frames > 1 else ""
        by = f"  {self.model}, {self.precision}" if self.model and self.precision else ""
        by += f" ({self.reason})" if by and self.reason else ""
        sizes = f"{before} -> {after}{frames}"
        return f"{self.input} -> {self.output}  {sizes}  {self.seconds:.1f} s{by}"


def sentence(text: object) -> str:
    """A message as it is shown, whoever wrote it: without the final period."""
    return str(text).removesuffix(".")
