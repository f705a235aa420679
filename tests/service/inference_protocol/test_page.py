"""The examples of docs/inference-protocol.md do what the page says, with the shipped models."""

import re
import subprocess
import sys
from pathlib import Path

from import_graph import ROOT
from roadsight_models.draw import draw
from roadsight_service.inference_protocol.asked import MOST_PARAMETERS, MOST_TENSORS
from service.inference_protocol.house import house

PAGE = (ROOT / "docs" / "inference-protocol.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)


def test_each_example_prints_what_stands_behind_it(tmp_path: Path) -> None:
    draw(tmp_path / "frame.jpg", seed=3)
    assert len(EXAMPLES) == 2
    with house(ROOT / "models" / "bundles") as service:
        for script, printed in EXAMPLES:
            here = script.replace("127.0.0.1:8080", service.address).replace("127.0.0.1:8001", service.grpc)
            command = [sys.executable, "-c", here]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            assert (done.stdout, done.returncode) == (printed, 0), done.stderr


def test_the_limits_of_a_request_are_those_that_are_enforced() -> None:
    assert f"{MOST_TENSORS} inputs and {MOST_TENSORS} outputs" in PAGE
    assert f"{MOST_PARAMETERS} parameters of its own and {MOST_PARAMETERS} of each tensor" in PAGE
