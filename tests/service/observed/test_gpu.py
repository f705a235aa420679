import logging

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from roadsight_service.observed.gpu import GpuCollector, watch_gpus
from service.observed.driver import Driver


def test_each_gpu_has_its_series_and_what_it_does_not_say_is_left_out() -> None:
    registry = CollectorRegistry()
    registry.register(GpuCollector(Driver()))
    seen = registry.get_sample_value
    assert seen("roadsight_gpu_utilisation_ratio", {"gpu": "1"}) == 0.75
    assert seen("roadsight_gpu_memory_used_bytes", {"gpu": "0"}) == 3 << 30
    assert seen("roadsight_gpu_power_watts", {"gpu": "0"}) == 70.5
    assert seen("roadsight_gpu_power_watts", {"gpu": "1"}) is None
    assert seen("roadsight_gpu_temperature_celsius", {"gpu": "1"}) == 40


def test_a_machine_that_can_not_be_asked_serves_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    with caplog.at_level(logging.WARNING):
        watch_gpus(registry)
    told = "no figures of the GPU" in caplog.text
    assert told != (b"roadsight_gpu_utilisation_ratio" in generate_latest(registry))
