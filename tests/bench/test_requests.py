"""What is asked of a frame reaches the service as it was meant."""

from pathlib import Path
from urllib.parse import parse_qs

import colours
from bench.impostor import impostor
from pictures import RED, jpeg, striped
from roadsight_bench import closed_loop
from roadsight_bench.requests import Request, ask, written
from roadsight_bench.wrk import Tool
from roadsight_models.frame import decode
from roadsight_models.regions import parse
from roadsight_models.scene import draw
from roadsight_service.settings import Settings
from running import metric, serve

BODY = jpeg(striped(RED))


def test_every_sign_of_a_scene_is_asked_for_in_the_words_that_the_service_reads() -> None:
    scene = draw(1, signs=5, side=(40, 96))
    request = ask(scene, ("traffic_sign", "road_object"))
    said = parse_qs(request.query)
    assert parse(said["regions"][0]) == request.regions
    assert [region.box for region in request.regions] == [sign.box for sign in scene.signs]
    assert said["task"] == ["traffic_sign", "road_object"]
    assert decode(request.body).pixels.shape == scene.pixels.shape


def test_who_asks_nothing_has_no_query() -> None:
    assert ask(draw(1, signs=0), ()).query == ""


def test_files_are_there_until_the_block_ends() -> None:
    with written([Request(BODY), Request(BODY, tasks=("colour",))]) as paths:
        first, (second, _, query) = paths[0], paths[1].partition("?")
        assert Path(first).read_bytes() == Path(second).read_bytes() == BODY
        assert query == "task=colour"
    assert not Path(first).exists()


def test_each_file_is_sent_with_its_own_query(tool: Tool) -> None:
    requests = [Request(BODY, tasks=("a",)), Request(BODY), Request(BODY, tasks=("b",))]
    with impostor() as server, written(requests) as paths:
        closed_loop.run(tool, server.url, paths, 1, 1)
        asked = [head.splitlines()[0].split()[1] for head in server.heads]
    # wrk may ask for its first request twice, before and after it connects.
    start = asked.index("/v1/classify")
    assert asked[start : start + 4] == ["/v1/classify", "/v1/classify?task=b", "/v1/classify?task=a", "/v1/classify"]


def test_the_service_judges_as_many_regions_as_were_asked_for(tool: Tool, tmp_path: Path) -> None:
    colours.save(tmp_path)
    request = ask(draw(2, 640, 360, signs=3, side=(40, 60)), ("colour",))
    with serve(Settings(bundles=tmp_path, provider="cpu")) as url, written([request]) as paths:
        found = closed_loop.run(tool, f"{url}/v1/classify", paths, 1, 1)
        judged = metric(url, "roadsight_predictions_total")
    assert found.failed == 0
    assert judged / 3 - found.answers in (0, 1)  # one may be under way at the end
