"""Whether there is a usable NVIDIA GPU. Asks the driver; loads no CUDA library, and no ONNX Runtime."""

import ctypes

from roadsight_models.asked import Provider


def no_gpu() -> str | None:
    """Why there is no usable NVIDIA GPU, or None where there is one."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver (libcuda.so.1) on this machine"
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "the NVIDIA driver finds no GPU"
    return None


def gpu_name() -> str | None:
    """What the first NVIDIA GPU is called; None where there is none."""
    if no_gpu() is not None:
        return None
    driver, device, name = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(0), ctypes.create_string_buffer(128)
    if driver.cuDeviceGet(ctypes.byref(device), 0) != 0 or driver.cuDeviceGetName(name, len(name), device) != 0:
        return "unknown"
    return name.value.decode()


def asks_for_gpu(provider: Provider) -> bool:
    """Whether what is asked for is a GPU: by name, or by `auto` where there is one."""
    return provider != "cpu" and (provider != "auto" or no_gpu() is None)
