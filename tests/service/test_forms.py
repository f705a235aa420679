"""`multipart/form-data`, as forms, scripts and broken clients send it."""

import gc
from collections.abc import Iterator

import httpx
import pytest

from pictures import encoded, noise
from roadsight_service.routes.intake import MAX_FIELDS
from running import RED_PNG, Watched, Wire, head, serve_watched

END = b"--x--\r\n"


def part(name: str, value: bytes | str, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    content = value if isinstance(value, bytes) else value.encode()
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


FRAME = part("frame", RED_PNG, "frame.png")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), max_body_bytes=3_000_000) as running:
        yield running


def ask(service: tuple[str, Watched], *parts: bytes, query: str = "", kind: str = "boundary=x") -> httpx.Response:
    headers = {"Content-Type": f"multipart/form-data; {kind}"}
    return httpx.post(f"{service[0]}/v1/classify{query}", content=b"".join(parts), headers=headers)


def code(response: httpx.Response) -> str:
    return str(response.json()["code"])


def top(response: httpx.Response) -> int:
    return len(response.json()["regions"][0]["results"][0]["predictions"])


def test_fields_may_stand_before_and_after_the_file(service: tuple[str, Watched]) -> None:
    answer = ask(service, part("top", "1"), part("frame_id", "17"), FRAME, part("regions", "[[0,0,9,9]]"), END)
    assert (top(answer), answer.json()["frame"]["id"], answer.json()["regions"][0]["box"]) == (1, "17", [0, 0, 9, 9])


def test_fields_and_query_add_up(service: tuple[str, Watched]) -> None:
    assert top(ask(service, FRAME, part("task", "colour"), END, query="?top=2")) == 2
    assert code(ask(service, FRAME, part("task", "smell"), END, query="?task=colour")) == "unknown_task"


@pytest.mark.parametrize("query", ["?frame_id=1", "?deadline_ms=1", "?frame=1"])
def test_what_is_a_field_is_no_query(service: tuple[str, Watched], query: str) -> None:
    fields = part("frame_id", "1") + part("deadline_ms", "900")
    assert code(ask(service, fields, FRAME, END, query=query)) == "bad_parameter"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(part("top", "1") + part("top", "1") + FRAME + END, id="a field twice"),
        pytest.param(FRAME + FRAME + END, id="the file twice"),
        pytest.param(part("frame", "text") + FRAME + END, id="a field of the file's name before it"),
        pytest.param(FRAME + part("frame", "text") + END, id="a field of the file's name after it"),
        pytest.param(part("frame", RED_PNG.hex()) + END, id="a field in place of the file"),
        pytest.param(FRAME.replace(b' name="frame";', b"") + END, id="a part without a name"),
        pytest.param(b"--x\r\n\r\nbare\r\n" + FRAME + END, id="a part without a head"),
        pytest.param(FRAME + part("speed", "80") + END, id="an unknown field"),
        pytest.param(FRAME + part("x-frame-id", "80") + END, id="a header's name as a field"),
        pytest.param(FRAME + part("regions", "[" * 200_000) + END, id="an endless field"),
        pytest.param(FRAME + part("top", "1", "top.txt") + END, id="a file where a field belongs"),
        pytest.param(FRAME + b"".join(part(f"f{i}", "") for i in range(MAX_FIELDS + 1)) + END, id="too many fields"),
        pytest.param(FRAME[:30], id="cut in a head"),
        pytest.param(END, id="no part at all"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"no boundary anywhere", id="rubbish"),
        pytest.param(b"--x\r\n: nameless\r\n\r\n\r\n" + END, id="a header without a name"),
        pytest.param(b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n\r\n" + END, id="an endless head"),
    ],
)
def test_a_form_that_is_wrong_is_a_bad_parameter(service: tuple[str, Watched], wrong: bytes) -> None:
    response = ask(service, wrong)
    assert (response.status_code, code(response)) == (422, "bad_parameter"), response.text


@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Starlette leaves that to the garbage collector
@pytest.mark.parametrize("cut", [40, len(FRAME) - 20, len(FRAME)])
def test_a_form_that_breaks_off_in_its_file_is_a_bad_parameter(service: tuple[str, Watched], cut: int) -> None:
    assert code(ask(service, FRAME[:cut])) == "bad_parameter"
    assert ask(service, FRAME, END).status_code == 200
    gc.collect()


@pytest.mark.parametrize("kind", ["a=b", "boundary=", "boundary=y", f"boundary={'x' * 300}", "boundary"])
def test_a_boundary_that_does_not_fit_is_a_bad_parameter(service: tuple[str, Watched], kind: str) -> None:
    assert code(ask(service, FRAME, END, kind=kind)) == "bad_parameter"


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "utf-16", "hex", "unicode_escape", "../x", "zip"])
def test_a_strange_charset_is_no_fault_of_ours(service: tuple[str, Watched], charset: str) -> None:
    response = ask(service, FRAME, part("task", "\\ud800"), END, kind=f"boundary=x; charset={charset}")
    assert response.status_code in {404, 422}, response.text
    assert response.json()["detail"]


def test_an_empty_file_is_a_bad_image(service: tuple[str, Watched]) -> None:
    assert code(ask(service, part("frame", b"", "empty.png"), END)) == "bad_image"


@pytest.mark.parametrize("name", ["", "ü.png", "../../etc/passwd", "a;b", "x" * 1000])
def test_the_name_of_the_file_does_not_matter(service: tuple[str, Watched], name: str) -> None:
    assert ask(service, part("frame", RED_PNG, name), END).status_code == 200


def test_a_quoted_boundary_and_capitals_are_read(service: tuple[str, Watched]) -> None:
    headers = {"Content-Type": 'Multipart/FORM-DATA; Charset=UTF-8; Boundary="x"'}
    assert httpx.post(f"{service[0]}/v1/classify", content=FRAME + END, headers=headers).status_code == 200


def test_a_file_of_megabytes_is_answered(service: tuple[str, Watched]) -> None:
    picture = encoded(noise(900, 900))
    assert len(picture) > 2_000_000
    answer = ask(service, part("frame", picture, "noise.png"), END).json()
    assert (answer["frame"]["width"], answer["frame"]["height"]) == (900, 900)


def test_a_file_over_the_limit_is_refused_while_it_streams(service: tuple[str, Watched]) -> None:
    with Wire(service[0]) as wire:
        wire.send(head(length=None, Content_Type="multipart/form-data; boundary=x"))
        start = part("frame", b"", "endless.png")[:-2]
        for data in (start, *[bytes(500_000)] * 7):
            wire.send(b"%x\r\n%s\r\n" % (len(data), data))
        refused = wire.reply()
        assert (refused.status, refused.json["code"]) == (413, "too_large")


def test_a_form_may_have_as_many_fields_as_it_may_and_not_one_more(service: tuple[str, Watched]) -> None:
    tasks = part("task", "colour") * MAX_FIELDS
    assert ask(service, tasks, FRAME, END).status_code == 200
    assert "Too many fields" in ask(service, part("task", "colour"), tasks, FRAME, END).json()["detail"]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_form_may_be_cut_anywhere_on_its_way(service: tuple[str, Watched], size: int) -> None:
    whole = part("top", "1") + FRAME + END
    with Wire(service[0]) as wire:
        wire.send(head(length=len(whole), Content_Type="multipart/form-data; boundary=x"))
        wire.send(*(whole[i : i + size] for i in range(0, len(whole), size)))
        assert wire.reply().status == 200
