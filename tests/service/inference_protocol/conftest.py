"""The service that most of these tests share: two lanes, no keys, small bodies."""

from collections.abc import Iterator

import pytest

from service.inference_protocol.house import MOST_BYTES, House, house


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("bundles"), ROADSIGHT_MAX_BODY_BYTES=str(MOST_BYTES)) as running:
        yield running
