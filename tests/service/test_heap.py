"""What a process keeps of large buffers that it has freed; each in a process of its own."""

import gc
import platform
import subprocess
import sys

import pytest

from roadsight_service.heap import LARGE_BYTES, leave_what_is_there

# Twice: from the first that is freed glibc learns that such buffers come again.
KEPT = f"""
import numpy as np, sys
from pathlib import Path
from roadsight_service.heap import give_back_large_buffers

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

if sys.argv[1] == "give back":
    give_back_large_buffers()
before = resident()
for _ in range(2):
    np.ones({LARGE_BYTES} + 4096, np.uint8)
print((resident() - before) << 10)
"""


# Too small to be mapped one by one, so the last holds all of them where it is.
FREE = """
from roadsight_service.heap import give_back_what_is_free

def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmRSS" in line) << 10

small = [bytes(50_000) for _ in range(1000)]
del small[:-1]
before = resident()
give_back_what_is_free()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
@pytest.mark.parametrize("what", ["give back", "as it comes"])
def test_large_buffers_go_back_to_the_system(what: str) -> None:
    command = [sys.executable, "-c", KEPT, what]
    kept = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert (kept < LARGE_BYTES / 4) == (what == "give back")


def test_no_collection_looks_again_at_what_was_there() -> None:
    leave_what_is_there()
    try:
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc_trim is glibc's")
def test_what_is_free_between_what_is_used_goes_back_too() -> None:
    done = subprocess.run([sys.executable, "-c", FREE], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) > 40_000_000
