"""`/v2/...`: the Open Inference Protocol V2 over HTTP, so that clients of other servers work unchanged."""
