"""How gRPC begins and ends with the service."""

import queue
import signal
import socket
from pathlib import Path
from typing import Any

import tritonclient.grpc as triton

import colours
from running import await_line, metric, start, until
from service.inference_protocol.house import CROPS, GRAPH, house


def test_what_is_in_flight_when_the_service_stops_is_answered(tmp_path: Path) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    with house(tmp_path) as stopping, triton.InferenceServerClient(stopping.grpc) as client:
        with stopping.paused():
            given = triton.InferInput("frames", [1, 16, 16, 3], "UINT8").set_data_from_numpy(CROPS[:1])
            for _ in range(12):
                client.async_infer(GRAPH, [given], lambda result, error: answers.put(error or result))
            until(lambda: metric(stopping.url, "roadsight_queue_depth") > 0)  # lanes hold the others
            stopping.process.send_signal(signal.SIGTERM)
            await_line(stopping.process, "Waiting for application shutdown")
        assert [answers.get(timeout=20).as_numpy("logits").shape for _ in range(12)] == [(1, 3)] * 12
        assert stopping.process.wait(20) == 0


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = start(tmp_path, ROADSIGHT_PROVIDER="cpu", ROADSIGHT_GRPC_PORT=str(other.getsockname()[1]))
    assert ended.returncode != 0
    assert "ROADSIGHT_GRPC_PORT: can't listen" in ended.stderr
