"""Ray Serve with our decoder and graph: a replica a core, batches of what waits.

raw JPEG --proxy--> replica --__call__--> probabilities, JSON
503: over max_queued_requests; 408: the timeout passed

https://docs.ray.io/en/latest/serve/advanced-guides/performance.html, also for RAY_SERVE_THROUGHPUT_OPTIMIZED, and
https://docs.ray.io/en/latest/serve/advanced-guides/dyn-req-batch.html
"""

import ray
from given import BATCH, CORES, DEADLINE_S, PORT, WAITING, Classifier
from ray import serve
from starlette.requests import Request


@serve.deployment(
    num_replicas=CORES,
    max_ongoing_requests=2 * BATCH,
    max_queued_requests=WAITING if DEADLINE_S else -1,
    ray_actor_options={"num_cpus": 1},
    logging_config={"enable_access_log": False},
)
class Classify:
    """Decodes and infers in each replica."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=0.001)
    async def judge(self, bodies: list[bytes]) -> list[list[float]]:
        """N JPEG files -> N times probabilities."""
        return self.classifier.judge([self.classifier.crop(body) for body in bodies])

    async def __call__(self, request: Request) -> dict[str, list[float]]:
        """JPEG -> probabilities."""
        return {"probabilities": await self.judge(await request.body())}


if __name__ == "__main__":
    ray.init(num_cpus=CORES, include_dashboard=False)
    serve.start(http_options={"host": "127.0.0.1", "port": PORT, "request_timeout_s": DEADLINE_S or None})
    serve.run(Classify.bind(), route_prefix="/classify", blocking=True)
