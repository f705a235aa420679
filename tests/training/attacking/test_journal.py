from pathlib import Path
from typing import Any

import pytest

from roadsight_training.attacking.journal import RESULTS, SECONDS, Journal, open_journal
from roadsight_training.errors import BadRun

HEADER: dict[str, Any] = {"bundle": "colours 1.0.0", "epsilons": (0.1, 0.2), "seed": 0, "n": 4}


def begun(folder: Path) -> Journal:
    journal = open_journal(folder, HEADER)
    journal.append({"chunk": 0, "truth": [0, 1]}, [0.5, 0.25])
    journal.append({"chunk": 1, "truth": [2, 0]}, [0.5, 0.5])
    return journal


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written, again = begun(tmp_path / "run"), open_journal(tmp_path / "run", HEADER)
    assert again == written
    assert again.done == {0: {"chunk": 0, "truth": [0, 1]}, 1: {"chunk": 1, "truth": [2, 0]}}
    assert again.seconds == {0: [0.5, 0.25], 1: [0.5, 0.5]}


def test_a_line_that_broke_off_is_done_again(tmp_path: Path) -> None:
    begun(tmp_path)
    whole = (tmp_path / RESULTS).read_bytes()
    (tmp_path / RESULTS).write_bytes(whole[:-5])
    again = open_journal(tmp_path, HEADER)
    assert list(again.done) == [0]
    again.append({"chunk": 1, "truth": [2, 0]}, [0.7, 0.7])
    assert (tmp_path / RESULTS).read_bytes() == whole
    assert open_journal(tmp_path, HEADER).seconds[1] == [0.7, 0.7]  # of the last time


def test_a_run_that_died_before_its_header_begins_anew(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_bytes(b'{"bundle": "col')
    assert open_journal(tmp_path, HEADER).done == {}
    assert open_journal(tmp_path, HEADER).header["epsilons"] == [0.1, 0.2]


def test_other_settings_are_refused_with_what_differs_and_what_to_do(tmp_path: Path) -> None:
    begun(tmp_path)
    before = (tmp_path / RESULTS).read_bytes()
    with pytest.raises(BadRun, match=r"begun with other settings \(seed 0, now 1; n 4, now 5\); --out names another"):
        open_journal(tmp_path, HEADER | {"seed": 1, "n": 5})
    assert (tmp_path / RESULTS).read_bytes() == before


@pytest.mark.parametrize("tail", [b"not JSON\n", b"[]\n", b"7\n", b'{"truth": []}\n'])
def test_what_the_command_did_not_write_is_refused_and_left_alone(tmp_path: Path, tail: bytes) -> None:
    begun(tmp_path)
    with (tmp_path / RESULTS).open("ab") as file:
        file.write(tail)
    before = (tmp_path / RESULTS).read_bytes()
    with pytest.raises(BadRun, match="not what `roadsight attack` or `certify` wrote"):
        open_journal(tmp_path, HEADER)
    assert (tmp_path / RESULTS).read_bytes() == before


def test_a_chunk_whose_time_is_gone_is_told(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / SECONDS).unlink()
    with pytest.raises(BadRun, match=r"seconds\.jsonl: lacks chunks"):
        open_journal(tmp_path, HEADER)
