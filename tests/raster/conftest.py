import pytest

pytest.importorskip("rasterio", reason="rasterio is not installed (the extra `raster`)")
