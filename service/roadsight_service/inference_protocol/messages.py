"""The protocol's messages for gRPC, made of `open_inference.proto` without code that somebody must generate and lint.

open_inference.binpb --pool--> descriptors --message--> a message's class

The file beside it is what protoc makes of the .proto (`make protocol`; a test compares). It lies in a pool of its own:
in protobuf's common one it would clash with tritonclient, which brings the whole of the same package.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

FILE = "open_inference.proto"
COMPILED = "open_inference.binpb"
SERVICE = "inference.GRPCInferenceService"


@cache
def _pool() -> Any:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(files(__package__).joinpath(COMPILED).read_bytes()).file:
        pool.Add(file)
    return pool


def message(name: str) -> Any:
    """The class of a message."""
    return GetMessageClass(_pool().FindMessageTypeByName(f"inference.{name}"))


def methods() -> dict[str, tuple[Any, Any]]:
    """Of each method of the service the classes of its request and its response."""
    found = _pool().FindServiceByName(SERVICE).methods
    return {each.name: (GetMessageClass(each.input_type), GetMessageClass(each.output_type)) for each in found}
