"""All that the protocol offers, whatever carries it.

name, version --> metadata, configuration, statistics; readiness     UnknownModel, NotReady
Asked         --Answering--> Answered
name          --Repository--> loaded, refused
"""

from roadsight_models.errors import NotReady
from roadsight_service.inference_protocol import described
from roadsight_service.inference_protocol.answering import Answering
from roadsight_service.inference_protocol.faces import find, offered
from roadsight_service.inference_protocol.repository import Repository
from roadsight_service.inference_protocol.statistics import ProtocolMetrics
from roadsight_service.loading.loader import Loader
from roadsight_service.pipeline import Pipeline
from roadsight_service.room import Room
from roadsight_service.settings import Settings


class OpenInference:
    """What both transports ask. Plain values come out, but of an inference."""

    def __init__(
        self, room: Room, pipeline: Pipeline, loader: Loader, metrics: ProtocolMetrics, settings: Settings
    ) -> None:
        self._room, self._metrics, self._settings = room, metrics, settings
        self._answering = Answering(room, pipeline, metrics, settings)
        self.infer = self._answering.infer
        self.repository = Repository(room, loader, settings)

    def check_ready(self) -> None:
        """Raises NotReady while there are no lanes."""
        if not self._room.is_ready:
            raise NotReady("the lanes died, and others are being started")

    def check_model_ready(self, name: str, version: str) -> None:
        """Raises UnknownModel if it does not serve, NotReady while there are no lanes."""
        find(self._room.models, name, version)
        self.check_ready()

    def metadata(self, name: str, version: str) -> dict[str, object]:
        """What goes into a model and comes out; raises UnknownModel."""
        return described.metadata(find(self._room.models, name, version))

    def configuration(self, name: str, version: str) -> dict[str, object]:
        """How it is run; raises UnknownModel."""
        face = find(self._room.models, name, version)
        return described.configuration(face, self._answering.most(face), self._settings.lanes)

    def statistics(self, name: str, version: str) -> dict[str, object]:
        """Of one model, of all if no name is given; raises UnknownModel."""
        models = self._room.models
        faces = [find(models, name, version)] if name else offered(models).values()
        return {"model_stats": [self._metrics.of(face) for face in faces]}
