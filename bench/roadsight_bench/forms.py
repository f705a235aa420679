"""How a frame is put into a request: every server has its own form.

JPEG --wrap--> body, sent with the form's headers
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

_BOUNDARY = "b0undary"


@dataclass(frozen=True)
class Form:
    """A kind of request."""

    headers: dict[str, str]
    wrap: Callable[[bytes], bytes]  # a JPEG file -> the request's body


RAW = Form({"Content-Type": "image/jpeg"}, lambda jpeg: jpeg)


def multipart(field: str) -> Form:
    """A form with one file, in the field of that name."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="frame.jpg"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    return Form(
        {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        lambda jpeg: head.encode() + jpeg + f"\r\n--{_BOUNDARY}--\r\n".encode(),
    )


def base64_json(before: str, after: str) -> Form:
    """JSON, with the file in base64 between two texts."""
    return Form(
        {"Content-Type": "application/json"},
        lambda jpeg: before.encode() + base64.b64encode(jpeg) + after.encode(),
    )


_HEAD_BYTES = 256


def tensor(name: str) -> Form:
    """The Open Inference Protocol's binary form, with the file as a tensor of bytes.

    Its JSON head is padded, so that one header tells the head's length for all files.
    """

    def wrap(jpeg: bytes) -> bytes:
        parameters = {"binary_data_size": len(jpeg)}
        one = {"name": name, "shape": [1, len(jpeg)], "datatype": "UINT8", "parameters": parameters}
        return json.dumps({"inputs": [one]}).encode().ljust(_HEAD_BYTES) + jpeg

    return Form({"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(_HEAD_BYTES)}, wrap)
