"""Where a raster's pixels lie on the ground: one value, passed whole."""

import copy
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.control import GroundControlPoint
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader
    from rasterio.rpc import RPC


@dataclasses.dataclass(frozen=True)
class Grid:
    """The size of a raster and what ties its pixels to the ground.

    Attributes:
        height, width: in pixels.
        transform: from (column, row), counted from the outer corner of the first pixel, to ground.
        crs: of the ground coordinates; None where nobody says.
        gcps: ground control points, of a raster that has these and no transform.
        rpcs: a sensor's rational polynomial coefficients, or None.
    """

    height: int
    width: int
    transform: "Affine"
    crs: "CRS | None"
    gcps: tuple["GroundControlPoint", ...] = ()
    rpcs: "RPC | None" = None

    @classmethod
    def of(cls, dataset: "DatasetReader") -> "Grid":
        """The grid of an open raster."""
        points, crs = dataset.gcps
        return cls(
            dataset.height,
            dataset.width,
            dataset.transform,
            dataset.crs or crs,
            tuple(points),
            dataset.rpcs,
        )

    @property
    def is_tied(self) -> bool:
        """Whether anything places it on the ground."""
        return not self.transform.is_identity or bool(self.gcps) or self.rpcs is not None

    @property
    def is_turned(self) -> bool:
        """Whether its rows do not run along an axis of the ground."""
        return bool(self.transform.b or self.transform.d)

    def windowed(self, x: int, y: int, width: int, height: int) -> "Grid":
        """The grid of a rectangle of it."""
        return dataclasses.replace(
            self,
            height=height,
            width=width,
            transform=_shifted(self.transform, x, y),
            gcps=tuple(_moved(p, p.col - x, p.row - y) for p in self.gcps),
            rpcs=_rpcs(self.rpcs, -x, -y, 1),
        )

    def enlarged(self, scale: int) -> "Grid":
        """The grid of the same ground in pixels of 1 / scale the size."""
        return dataclasses.replace(
            self,
            height=self.height * scale,
            width=self.width * scale,
            transform=_divided(self.transform, scale),
            gcps=tuple(_moved(p, p.col * scale, p.row * scale) for p in self.gcps),
            rpcs=_rpcs(self.rpcs, 0, 0, scale),
        )


def _shifted(t: "Affine", x: int, y: int) -> "Affine":
    return type(t)(t.a, t.b, t.a * x + t.b * y + t.c, t.d, t.e, t.d * x + t.e * y + t.f)


def _divided(t: "Affine", scale: int) -> "Affine":
    """The transform with pixel sizes divided, rounded once, and the very same origin."""
    return type(t)(t.a / scale, t.b / scale, t.c, t.d / scale, t.e / scale, t.f)


def _moved(point: "GroundControlPoint", column: float, row: float) -> "GroundControlPoint":
    moved = copy.copy(point)
    moved.col, moved.row = column, row
    return moved


def _rpcs(rpcs: "RPC | None", x: int, y: int, scale: int) -> "RPC | None":
    """Lines and samples of RPCs count pixel centres, where transforms count corners."""
    if rpcs is None:
        return None
    moved = copy.copy(rpcs)
    moved.samp_off = (rpcs.samp_off + x + 0.5) * scale - 0.5
    moved.line_off = (rpcs.line_off + y + 0.5) * scale - 0.5
    moved.samp_scale, moved.line_scale = rpcs.samp_scale * scale, rpcs.line_scale * scale
    return moved
