"""A driver of two GPUs, of which one does not say what it draws."""

from types import SimpleNamespace


class Driver:
    """What `GpuCollector` asks of pynvml."""

    class NVMLError(Exception):
        """As pynvml's."""

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetUtilizationRates(self, gpu: int) -> SimpleNamespace:
        return SimpleNamespace(gpu=75, memory=10)

    def nvmlDeviceGetMemoryInfo(self, gpu: int) -> SimpleNamespace:
        return SimpleNamespace(used=3 << 30, total=4 << 30)

    def nvmlDeviceGetTemperature(self, gpu: int, sensor: int) -> int:
        return 40

    def nvmlDeviceGetPowerUsage(self, gpu: int) -> int:
        if gpu == 1:
            raise self.NVMLError("not supported")
        return 70_500
