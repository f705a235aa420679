"""The descriptors that gRPC's messages are made of: those of the .proto, which has the published names and numbers."""

from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from tritonclient.grpc import model_config_pb2, service_pb2

from import_graph import ROOT
from roadsight_service.inference_protocol import messages
from roadsight_service.inference_protocol.calls import METHODS
from roadsight_service.inference_protocol.messages import COMPILED, FILE

HERE = ROOT / "service" / "roadsight_service" / "inference_protocol"


def test_the_compiled_descriptors_are_those_of_the_file(tmp_path: Path) -> None:
    made = tmp_path / COMPILED
    assert protoc.main(["protoc", f"-I{HERE}", f"--descriptor_set_out={made}", FILE]) == 0
    assert FileDescriptorSet.FromString(made.read_bytes()) == FileDescriptorSet.FromString(
        (HERE / COMPILED).read_bytes()
    )


def fields(descriptor: Any) -> dict[str, tuple[Any, ...]]:
    return {
        field.name: (field.number, field.type, field.is_repeated, field.message_type and field.message_type.full_name)
        for field in descriptor.fields
    }


def test_names_and_numbers_are_the_published_ones() -> None:
    published = {**service_pb2.DESCRIPTOR.message_types_by_name, **model_config_pb2.DESCRIPTOR.message_types_by_name}
    (file,) = FileDescriptorSet.FromString((HERE / COMPILED).read_bytes()).file

    def compare(ours: Any, theirs: Any) -> None:
        assert fields(ours).items() <= fields(theirs).items(), ours.full_name
        for nested in ours.nested_types:
            compare(nested, theirs.nested_types_by_name[nested.name])
        for kind in ours.enum_types:
            numbers = {value.name: value.number for value in theirs.enum_types_by_name[kind.name].values}
            assert {value.name: value.number for value in kind.values}.items() <= numbers.items()

    for each in file.message_type:
        compare(messages.message(each.name).DESCRIPTOR, published[each.name])
    service = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    for name, (request, response) in messages.methods().items():
        theirs = service.methods_by_name[name]
        assert (theirs.input_type.name, theirs.output_type.name) == (request.DESCRIPTOR.name, response.DESCRIPTOR.name)
    assert METHODS.keys() == messages.methods().keys()
