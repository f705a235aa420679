"""What sessions on a CPU hold in memory; each case in a process of its own, since the arena is one a process."""

import subprocess
import sys
from pathlib import Path

import pytest

import colours

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells it")

BEGIN = """
import sys
from pathlib import Path
import numpy as np
from roadsight_models.providers import open_on
from roadsight_models.runners import Direct

def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmRSS" in line) << 10

def opened(path):
    runner = Direct(open_on(Path(path), "cpu", 1))
    runner.run(crops[:1])
    runner.give_back(crops[:1])
    return runner

crops = np.ones((40_000, 16, 16, 3), np.uint8)  # as floats 123 MB
"""

ONE_AFTER_THE_OTHER = """
first, second = opened(sys.argv[1]), opened(sys.argv[1])
start = resident()
first.run(crops)
between = resident()
second.run(crops)
print(between - start, resident() - between)
"""

SIZES = """
runner = opened(sys.argv[1])
start = resident()
for size in sys.argv[2:]:
    runner.run(crops[:int(size)])
print(resident() - start)
"""

GIVEN_BACK = """
runner = opened(sys.argv[1])
start = resident()
runner.run(crops)
taken = resident() - start
runner.give_back(crops[:1])
print(taken, resident() - start)
assert runner.run(crops)[0].shape == (40_000, 3)
"""


def test_a_batch_takes_again_what_another_session_s_took(tmp_path: Path) -> None:
    first, second = _grown(ONE_AFTER_THE_OTHER, colours.save(tmp_path).classifier)
    assert first > 100e6
    assert second < first / 10


def test_smaller_batches_before_it_leave_nothing_beside_the_largest(tmp_path: Path) -> None:
    path = colours.save(tmp_path).classifier
    (alone,), (after,) = _grown(SIZES, path, 8_000), _grown(SIZES, path, *range(1_000, 9_000, 1_000))
    assert alone > 20e6
    assert after < 1.3 * alone


def test_what_a_batch_took_can_be_given_back(tmp_path: Path) -> None:
    taken, left = _grown(GIVEN_BACK, colours.save(tmp_path).classifier)
    assert taken > 100e6
    assert left < taken / 10


def _grown(script: str, *args: object) -> list[float]:
    """What the script says: by how many bytes the process grew."""
    command = [sys.executable, "-c", BEGIN + script, *map(str, args)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return [float(word) for word in said.split()]
