"""One Ray for all tests of this folder."""

from collections.abc import Iterator
from typing import Any

import pytest

from swinsr.cluster.session import need_ray
from swinsr.errors import ConfigError

MEGABYTES = 100


@pytest.fixture(scope="session")
def ray() -> Iterator[Any]:
    try:
        found = need_ray()
    except ConfigError as error:
        pytest.skip(str(error))
    import logging

    found.init(
        address="local",
        num_cpus=4,  # of which two work at a time where there are two
        object_store_memory=MEGABYTES << 20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
    yield found
    found.shutdown()
