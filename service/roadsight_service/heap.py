"""What the process keeps of memory that it has freed.

freed buffer --glibc--> the system (16 MB and more), or kept for the next
what is there when frames begin to come --> looked at by no collection any more
all that is free --give_back_what_is_free--> the system
"""

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
LARGE_BYTES = 16 << 20


def give_back_large_buffers() -> None:
    """Lets the pixels of a frame of over 5 megapixels go back to the system with its answer.

    By itself glibc learns to keep buffers of up to 32 MB, a 4K frame for every lane. This costs that frame fresh pages,
    and smaller ones nothing. Other C libraries are left as they are.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * LARGE_BYTES)


def leave_what_is_there() -> None:
    """Spares collections the 60,000 objects of modules: while one looks at them all every frame waits."""
    gc.collect()
    gc.freeze()


def give_back_what_is_free() -> None:
    """Lets go of what opening a model leaves: several times its file. Other C libraries are left as they are."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
