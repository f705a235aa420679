"""Ray Serve as its tutorial on PyTorch shows: the raw body, Pillow, one replica.

https://github.com/ray-project/ray/blob/master/doc/source/serve/doc_code/tutorial_pytorch.py
"""

from customary import PORT, Model
from ray import serve
from starlette.requests import Request


@serve.deployment
class Classify:
    """Decodes and infers in the replica."""

    def __init__(self) -> None:
        self.model = Model()

    async def __call__(self, request: Request) -> dict[str, list[float]]:
        """JPEG -> probabilities."""
        return {"probabilities": self.model.probabilities(self.model.opened(await request.body()))[0]}


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(Classify.bind(), route_prefix="/classify", blocking=True)
