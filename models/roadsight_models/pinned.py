"""Host memory that the GPU's copy engine reads by itself, with no detour through a buffer of the driver.

shape --cuMemHostAlloc--> uint8 array in page-locked memory
ProviderMissing

ONNX Runtime's Python interface gives out no such memory, so NVIDIA's driver is asked.
"""

import ctypes
import math
import weakref

import numpy as np

from roadsight_models.errors import ProviderMissing
from roadsight_models.frame import Pixels

_PORTABLE = 1  # CU_MEMHOSTALLOC_PORTABLE: pinned for every CUDA context, ONNX Runtime's among them


def pinned(shape: tuple[int, ...], driver: ctypes.CDLL | None = None) -> Pixels:
    """Allocates; the memory is given back with the last array that looks into it.

    Args:
        shape: of an array of uint8.
        driver: libcuda.so.1; it is loaded if None.

    Raises:
        ProviderMissing: the driver is not there, or gave none.
    """
    try:
        cuda = driver or ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise ProviderMissing(f"no NVIDIA driver: {error}") from error
    device, context, address = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
    size = math.prod(shape)
    _check("cuInit", cuda.cuInit(0))
    _check("cuDeviceGet", cuda.cuDeviceGet(ctypes.byref(device), 0))
    # The primary context is the one that the CUDA runtime works in, and with it ONNX Runtime.
    _check("cuDevicePrimaryCtxRetain", cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    _check("cuCtxSetCurrent", cuda.cuCtxSetCurrent(context))
    _check("cuMemHostAlloc", cuda.cuMemHostAlloc(ctypes.byref(address), ctypes.c_size_t(size), _PORTABLE))
    memory = (ctypes.c_uint8 * size).from_address(address.value or 0)
    weakref.finalize(memory, cuda.cuMemFreeHost, address).atexit = False  # the process ends, and its memory with it
    return np.ctypeslib.as_array(memory).reshape(shape)


def _check(call: str, status: int) -> None:
    if status != 0:
        raise ProviderMissing(f"no page-locked memory: {call} gave CUDA error {status}")
