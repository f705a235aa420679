"""HTTP as clients really speak it, byte by byte: framing, connections that stay, and abuse."""

import gc
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from roadsight_service.protocol import Connected
from running import RED_PNG, Reply, Watched, Wire, head, serve_watched


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), max_body_bytes=200_000) as running:
        yield running


@pytest.fixture
def wire(service: tuple[str, Watched]) -> Iterator[Wire]:
    with Wire(service[0]) as wire:
        yield wire


def label(reply: Reply) -> str:
    assert reply.status == 200, reply.body
    return str(reply.json["regions"][0]["results"][0]["predictions"][0]["label"])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head(length=4) + b"text", 400),
        (head("?task=smell") + RED_PNG, 404),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /v1/classify HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (head(length=250_000) + bytes(250_000), 413),
        (head(length=None) + 3 * chunk(bytes(100_000)) + chunk(b""), 413),
        (head(Content_Type="text/plain") + RED_PNG, 415),
        (head("?top=many") + RED_PNG, 422),
        (head("?regions=[[9,9,0,0]]") + RED_PNG, 422),
        (head(Content_Type="multipart/form-data; boundary=x", length=9) + b"no form\r\n", 422),
        (head(X_Deadline_Ms="0") + RED_PNG, 504),
    ],
)
def test_the_connection_is_good_for_the_next_frame_after_every_refusal(
    wire: Wire, request_: bytes, status: int
) -> None:
    wire.send(request_)
    refused = wire.reply()
    assert (refused.status, refused.headers["content-type"]) == (status, "application/problem+json")
    wire.send(head(), RED_PNG)
    assert label(wire.reply()) == "red"


@pytest.mark.parametrize(
    ("frame", "status"),
    [(head(), 200), (head("?top=many"), 422), (head(X_Deadline_Ms="soon"), 422)],
    ids=["answered", "refused", "ruled out by its head"],
)
def test_a_frame_that_is_done_with_is_gone_without_a_collection(wire: Wire, frame: bytes, status: int) -> None:
    gc.disable()
    try:
        before = callers()
        for _ in range(20):
            wire.send(frame, RED_PNG)
            assert wire.reply().status == status
        left = callers() - before
    finally:
        gc.enable()
    assert left <= 2  # the last of a connection is kept by that


def callers() -> int:
    """How many there are in this process, also those that nobody needs any more."""
    # `isinstance` asks the objects, and torch has one that warns of it.
    return sum(type(each) is Connected for each in gc.get_objects())


def test_frames_sent_without_waiting_are_answered_in_order(wire: Wire) -> None:
    wire.send(b"".join(head(X_Frame_Id=str(i)) + RED_PNG for i in range(20)))
    assert [wire.reply().json["frame"]["id"] for _ in range(20)] == [str(i) for i in range(20)]


def test_a_refusal_among_frames_sent_without_waiting_keeps_its_place(wire: Wire) -> None:
    wire.send(head() + RED_PNG + head("?top=many") + RED_PNG + head(length=3) + b"abc" + head() + RED_PNG)
    assert [wire.reply().status for _ in range(4)] == [200, 422, 400, 200]


def test_a_request_may_come_byte_by_byte(wire: Wire) -> None:
    whole = head() + RED_PNG
    wire.send(*(whole[i : i + 1] for i in range(len(whole))))
    assert label(wire.reply()) == "red"


@pytest.mark.parametrize("size", [1, 7, 64, len(RED_PNG)])
def test_a_chunked_body_may_be_cut_anywhere(wire: Wire, size: int) -> None:
    pieces = [chunk(RED_PNG[i : i + size]) for i in range(0, len(RED_PNG), size)]
    wire.send(head(length=None), *pieces, b"0;why=not\r\nTrailer: x\r\n\r\n")
    assert label(wire.reply()) == "red"


def test_a_chunk_may_come_in_halves(wire: Wire) -> None:
    whole = chunk(RED_PNG) + chunk(b"")
    wire.send(head(length=None), whole[:1], whole[1:40], whole[40:-3], whole[-3:])
    assert label(wire.reply()) == "red"


def test_a_client_that_asks_first_is_told_to_go_on(wire: Wire) -> None:
    wire.send(head(Expect="100-continue"))
    assert wire.reply().status == 100
    wire.send(RED_PNG)
    assert label(wire.reply()) == "red"


@pytest.mark.parametrize(
    ("asked", "status"),
    [(head(length=250_000, Expect="100-continue"), 413), (head(Content_Type="a/b", Expect="100-continue"), 415)],
)
def test_a_client_that_asks_first_is_refused_before_it_sends(wire: Wire, asked: bytes, status: int) -> None:
    wire.send(asked)
    assert wire.reply().status == status


def test_names_of_headers_have_no_case(wire: Wire) -> None:
    odd = (
        head(X_Frame_Id="17", X_Camera_Id="front").replace(b"X-Frame-Id", b"x-FRAME-iD").replace(b"Content", b"cONTENT")
    )
    wire.send(odd, RED_PNG)
    assert wire.reply().json["frame"]["id"] == "17"


@pytest.mark.parametrize("kind", ["IMAGE/PNG", "image/png; charset=binary", "image/png;", "image/png ;q=1"])
def test_a_content_type_has_no_case_and_may_have_parameters(wire: Wire, kind: str) -> None:
    wire.send(head(Content_Type=kind), RED_PNG)
    assert label(wire.reply()) == "red"


@pytest.mark.parametrize("escape", [lambda text: quote(text, safe=""), lambda text: quote(text, safe="[],")])
def test_as_many_regions_as_may_be_fit_into_the_query(wire: Wire, escape: object) -> None:
    assert callable(escape)
    boxes = [[i / 7, i / 9, 20 + i / 13, 20 + i / 11] for i in range(256)]
    wire.send(head("?regions=" + escape(json.dumps(boxes))), RED_PNG)
    answer = wire.reply().json
    assert [region["box"] for region in answer["regions"]] == [[a, b, min(c, 40), min(d, 40)] for a, b, c, d in boxes]


@pytest.mark.parametrize("query", ["?task=%ff%00", "?task=%ED%A0%80", "?task=%0d%0aX-A:%20b", "?task=" + "x" * 60_000])
def test_a_task_of_any_bytes_is_only_unknown(wire: Wire, query: str) -> None:
    wire.send(head(query), RED_PNG)
    assert (wire.reply()).json["code"] == "unknown_task"


@pytest.mark.parametrize(
    "query", ["?top=1&top=1", "?regions=[[0,0,9,9]]&regions=[[0,0,9,9]]", "?version=1.0.0&version=1.0.0"]
)
def test_a_value_given_twice_is_no_value(wire: Wire, query: str) -> None:
    wire.send(head(query), RED_PNG)
    refused = wire.reply().json
    assert (refused["code"], refused["detail"].partition(": ")[2]) == ("bad_parameter", "given more than once")


@pytest.mark.parametrize("query", ["?", "?&&", "?task=colour&task=colour", "?top=", "?top=000002", "?version=1.0.0"])
def test_a_query_may_be_sparse_or_say_a_task_twice(wire: Wire, query: str) -> None:
    wire.send(head(query), RED_PNG)
    (region,) = wire.reply().json["regions"]
    assert len(region["results"]) == 1


def test_half_a_character_in_a_track_is_refused_not_fatal(wire: Wire) -> None:
    wire.send(head("?regions=" + quote('[[0,0,9,9],{"box":[0,0,40,40],"track":"\\ud800"}]')), RED_PNG)
    refused = wire.reply().json
    assert (refused["code"], refused["index"]) == ("bad_region", 1)


def test_a_track_may_be_any_text(wire: Wire) -> None:
    track = 'Straße 7 🚸 "\\'
    wire.send(head("?regions=" + quote(json.dumps([{"box": [0, 0, 40, 40], "track": track}]))), RED_PNG)
    assert wire.reply().json["regions"][0]["track"] == track


@pytest.mark.parametrize(
    "abuse",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        head(Transfer_Encoding="chunked") + RED_PNG,  # two framings at once: request smuggling
        head(length=None) + b"zz\r\n",
        head("?task=\N{LATIN SMALL LETTER A WITH DIAERESIS}") + RED_PNG,
        b"\0" * 100,
    ],
)
def test_what_is_no_http_ends_the_connection_and_nothing_else(service: tuple[str, Watched], abuse: bytes) -> None:
    with Wire(service[0]) as bad, Wire(service[0]) as good:
        before = len(service[1].batches)
        bad.send(abuse)
        assert bad.reply().status in {400, 422}
        assert bad.ended()
        assert len(service[1].batches) == before
        good.send(head(), RED_PNG)
        assert label(good.reply()) == "red"


def test_an_old_client_gets_its_answer_and_the_end(wire: Wire) -> None:
    wire.send(head().replace(b"HTTP/1.1", b"HTTP/1.0"), RED_PNG)
    assert label(wire.reply()) == "red"
    assert wire.ended()


def test_a_slash_at_the_end_points_to_the_route(wire: Wire) -> None:
    wire.send(head().replace(b"classify", b"classify/"), RED_PNG)
    moved = wire.reply()
    assert (moved.status, moved.headers["location"]) == (307, "http://x/v1/classify")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "GET"])
def test_another_method_is_told_the_one_there_is(wire: Wire, method: str) -> None:
    wire.send(f"{method} /v1/classify HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    refused = wire.reply()
    assert (refused.status, refused.headers["allow"], refused.json["code"]) == (405, "POST", "method_not_allowed")
