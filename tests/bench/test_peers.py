"""The service beside another server: a stranger of a few lines, installed, started, asked and loaded like any peer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import colours
from bench.strangers import in_json, ours, stranger
from colours import INT8
from roadsight_bench import pictures
from roadsight_bench.cases import CASES
from roadsight_bench.errors import PeerMissing
from roadsight_bench.measure import Plan
from roadsight_bench.peers import __main__ as command
from roadsight_bench.peers.catalogue import PEERS, ROWS, Row, launch
from roadsight_bench.peers.install import install
from roadsight_bench.results import Figures
from roadsight_bench.wrk import Tool
from roadsight_models import precision
from roadsight_models.session import open_session

SHORT = Plan(rounds=3, limit_s=0.1, closed_s=1, open_s=0.3)


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_is_pinned_and_says_whose_documentation_it_follows(name: str) -> None:
    folder = PEERS[name].scripts / name
    lines = [line.partition("#")[0].strip() for line in (folder / "requirements.txt").read_text().splitlines()]
    assert all("==" in line or line == "-r ../given.txt" for line in lines if line)
    for row in ROWS:
        assert "https://" in (folder / f"{row}.py").read_text().split('"""')[1]


@pytest.mark.parametrize("row", ROWS)
def test_a_peer_is_told_of_the_deadline_under_overload_only(row: Row, tmp_path: Path) -> None:
    free, bound = (launch(PEERS["mosec"], row, Path("python"), tmp_path, "int8", late) for late in (None, 100.0))
    assert free.environment["BENCH_PRECISION"] == bound.environment["BENCH_PRECISION"] == "int8"
    assert "BENCH_DEADLINE_MS" not in free.environment
    assert bound.environment["BENCH_DEADLINE_MS"] == "100.0"
    assert f":{bound.environment['BENCH_PORT']}/inference" in bound.url


def test_a_peer_is_installed_once_and_anew_when_its_requirements_change(tmp_path: Path) -> None:
    peer, tools = stranger(tmp_path), tmp_path / "tools"
    python = install(peer, tools)
    note = python.with_name("note")
    note.touch()
    assert install(peer, tools) == python
    assert note.exists()
    (tmp_path / "stranger" / "requirements.txt").write_text("./nothing-here\n")
    with pytest.raises(PeerMissing, match=r"stranger can't be installed: .*nothing-here"):
        install(peer, tools)
    assert not note.exists()


def test_a_peer_whose_interpreter_is_not_here_says_so(tmp_path: Path) -> None:
    peer = stranger(tmp_path)
    object.__setattr__(peer, "python", "/no/python")
    with pytest.raises(PeerMissing, match="needs /no/python"):
        install(peer, tmp_path / "tools")


@pytest.fixture(scope="module")
def measured(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Figures]]:
    """What a run against the stranger wrote: its server says what we say, its tutorial names no probabilities."""
    folder = tmp_path_factory.mktemp("peers")
    loaded = colours.save(folder, {INT8.file: colours.graph()}, name="s3", precisions=(INT8,))
    session = open_session(loaded, "cpu", precision="int8")
    said = in_json(*ours(session, pictures.draw(CASES["S3"])[0]))
    peer = stranger(folder, said, in_json(0.5, 0.1, 0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PEERS, peer.name, peer)
        patch.setattr(command, "install", lambda one: install(one, folder / "tools"))
        patch.setattr(command, "FULL", SHORT)
        patch.setattr(precision, "has_dot_products", lambda: True)
        command.main(["S3", "stranger"], folder, folder / "peers.json", rounds=1)
    yield peer.name, json.loads((folder / "peers.json").read_text())


def test_ours_and_theirs_are_measured_by_the_same_loads(measured: tuple[str, Figures]) -> None:
    name, document = measured
    assert document.keys() == {"date", "provider", "quick", "machine", "S3"}
    row = document["S3"][name]["server"]
    assert row.keys() == {"precision", "c4", "c16", "c64", "overload"}
    assert [len(row[load]["samples"]) for load in ("c4", "overload")] == [1, 1]
    for load in ("c4", "c16", "c64"):
        rates = [row[load][side]["answers_per_s"] for side in ("ours", "theirs")]
        assert row[load]["ratio"] == pytest.approx(rates[0] / rates[1])
        assert row[load]["limit_per_s"] > 0


def test_both_have_the_graph_that_the_service_picks(measured: tuple[str, Figures]) -> None:
    name, document = measured
    assert document["S3"][name]["server"]["precision"] == {"ours": "int8", "theirs": "int8"}


def test_each_is_overloaded_with_three_times_its_own_capacity(measured: tuple[str, Figures]) -> None:
    name, document = measured
    row = document["S3"][name]["server"]
    for side in ("ours", "theirs"):
        capacity = max(row[load][side]["answers_per_s"] for load in ("c4", "c16", "c64"))
        assert row["overload"][side]["rate"] == pytest.approx(3 * capacity)


def test_one_that_answers_something_else_is_named_with_the_reason_and_ends_nothing(
    measured: tuple[str, Figures],
) -> None:
    name, document = measured
    assert document["S3"][name]["tutorial"] == {"why": "its probabilities sum to 0.700"}


def test_who_is_no_peer_is_told_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="no peer or case torchserve; there are: litserve"):
        command.main(["torchserve"])
