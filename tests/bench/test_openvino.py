"""The comparison with OpenVINO, as far as it runs where that is not installed: the CPU provider's rows."""

import subprocess
import sys
from pathlib import Path

import colours
from colours import INT8

SCRIPT = Path(__file__).parents[2] / "bench" / "openvino" / "compare.py"


def compare(*folders: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, folders)], capture_output=True, text=True, check=False, timeout=120
    )


def test_each_graph_has_a_row_and_its_share_of_float32(tmp_path: Path) -> None:
    saved = colours.save(tmp_path, {INT8.file: colours.graph()}, precisions=(INT8,))
    done = compare(saved.folder)
    assert done.returncode == 0, done.stderr
    title, plain, int8 = [line.split() for line in done.stdout.splitlines()]
    assert title == ["bundle", "graph", "runs", "on", "computes", "ms", "share", "difference"]
    assert plain[1:4] == ["float32", "CPU", "float32"]
    assert plain[5] == "1.00"
    assert int8[1:4] == ["int8", "CPU", "int8"]
    assert all(float(row[4]) >= 0 and float(row[6]) < 0.001 for row in (plain, int8))


def test_a_graph_that_answers_otherwise_is_seen(tmp_path: Path) -> None:
    saved = colours.save(tmp_path)
    wrong = colours.changed(lambda model: setattr(model.graph.node[2], "op_type", "Div"))
    (saved.folder / "classifier.onnx").write_bytes(wrong)
    done = compare(saved.folder)
    assert float(done.stdout.splitlines()[1].split()[-1]) > 0.1


def test_what_it_is_compared_with_is_pinned() -> None:
    lines = (SCRIPT.parent / "requirements.txt").read_text().split()
    assert all("==" in line for line in lines)
    assert "onnxruntime-openvino" in " ".join(lines)
