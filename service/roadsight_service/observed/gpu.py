"""What Prometheus sees of NVIDIA GPUs, asked of the driver at each scrape.

pynvml (extra `gpu`) --collect--> gauges by GPU
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

log = logging.getLogger(__name__)


class GpuCollector(Collector):
    """Every GPU that the driver shows."""

    def __init__(self, nvml: Any) -> None:
        """Takes the module `pynvml`, initialised."""
        self._nvml = nvml
        self._gpus = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Asks the driver; a GPU that does not know a figure is left out of it."""
        nvml = self._nvml
        asked: dict[str, tuple[str, Callable[[Any], float]]] = {
            "utilisation_ratio": ("Time at work.", lambda gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100),
            "memory_used_bytes": ("Memory in use.", lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).used),
            "memory_total_bytes": ("Memory there is.", lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).total),
            "temperature_celsius": ("Its temperature.", lambda gpu: nvml.nvmlDeviceGetTemperature(gpu, 0)),
            "power_watts": ("What it draws.", lambda gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1e3),
        }
        for name, (text, ask) in asked.items():
            family = GaugeMetricFamily(f"roadsight_gpu_{name}", text, labels=["gpu"])
            for index, gpu in enumerate(self._gpus):
                try:
                    family.add_metric([str(index)], ask(gpu))
                except nvml.NVMLError as error:
                    log.debug("GPU %d does not say its %s: %s", index, name, error)
            yield family


def watch_gpus(registry: CollectorRegistry) -> None:
    """Shows the GPUs, if the driver can be asked."""
    try:
        import pynvml  # noqa: PLC0415  (the extra `gpu` brings it)
    except ModuleNotFoundError:
        log.warning("no figures of the GPU: nvidia-ml-py is missing, install roadsight[gpu]")
        return
    try:
        pynvml.nvmlInit()
        registry.register(GpuCollector(pynvml))
    except pynvml.NVMLError as error:
        log.warning("no figures of the GPU: %s", error)
