"""Page-locked memory, from a driver of a few lines that gives ordinary memory."""

import ctypes
import gc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from roadsight_models.errors import ProviderMissing
from roadsight_models.gpu import no_gpu
from roadsight_models.pinned import pinned

CONTEXT = 0x5EED


class Driver:
    """NVIDIA's driver, as far as it is used; `broken` calls give error 2, out of memory."""

    def __init__(self, broken: str = "") -> None:
        self.calls: list[str] = []
        self.given: dict[int, Any] = {}
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self._call(name, arguments)

    def _call(self, name: str, arguments: tuple[Any, ...]) -> int:
        self.calls.append(name)
        if name == self._broken:
            return 2
        if name == "cuDevicePrimaryCtxRetain":
            arguments[0]._obj.value = CONTEXT
        if name == "cuCtxSetCurrent":
            assert arguments[0].value == CONTEXT
        if name == "cuMemHostAlloc":
            memory = ctypes.create_string_buffer(arguments[1].value)
            arguments[0]._obj.value = ctypes.addressof(memory)
            self.given[ctypes.addressof(memory)] = memory
        if name == "cuMemFreeHost":
            del self.given[arguments[0].value]
        return 0


def test_the_array_lies_in_the_driver_s_memory_in_the_context_that_onnx_runtime_works_in() -> None:
    driver: Any = Driver()
    array = pinned((2, 3, 4), driver)
    array[:] = np.arange(24).reshape(2, 3, 4)
    (memory,) = driver.given.values()
    assert list(memory.raw) == list(range(24))
    assert driver.calls == ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuMemHostAlloc"]
    assert array.dtype == np.uint8
    assert (array.shape, array.flags.c_contiguous) == ((2, 3, 4), True)


def test_it_is_given_back_with_the_last_view_and_not_before() -> None:
    driver: Any = Driver()
    view = pinned((4, 2), driver)[:1]
    gc.collect()
    assert driver.given
    del view
    gc.collect()
    assert not driver.given


@pytest.mark.parametrize(
    "call", ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuMemHostAlloc"]
)
def test_a_driver_that_gives_none_is_an_error_that_names_the_call(call: str) -> None:
    driver: Any = Driver(broken=call)
    with pytest.raises(ProviderMissing, match=f"{call} gave CUDA error 2"):
        pinned((1,), driver)


@pytest.mark.skipif(no_gpu() is None, reason="this machine has an NVIDIA GPU")
def test_without_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProviderMissing):
        pinned((1,))


def test_a_driver_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> SimpleNamespace:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(ProviderMissing, match=r"libcuda\.so\.1"):
        pinned((1,))
