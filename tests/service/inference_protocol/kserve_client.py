"""KServe's own client, as it comes, in an environment that has it: prints what it is told of crops, as JSON."""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def main(url: str, grpc_address: str, model: str, crops_file: str) -> None:
    """Asks over HTTP and over gRPC, with tensors one number at a time and binary."""
    crops = np.load(crops_file)
    rest = InferenceRESTClient(RESTConfig(protocol="v2", timeout=20))
    grpc = InferenceGRPCClient(url=grpc_address, timeout=20)
    ready = [
        await rest.is_server_live(url), await rest.is_server_ready(url), await rest.is_model_ready(url, model),
        await grpc.is_server_live(), await grpc.is_server_ready(), await grpc.is_model_ready(model),
    ]  # fmt: skip
    logits = []
    for binary in (False, True):
        given = InferInput("frames", list(crops.shape), "UINT8")
        given.set_data_from_numpy(crops, binary_data=binary)
        request = InferRequest(model, [given])
        for answer in (await rest.infer(url, request, model_name=model), await grpc.infer(request)):
            logits.append(answer.outputs[0].as_numpy().tolist())
    json.dump({"ready": ready, "logits": logits}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
