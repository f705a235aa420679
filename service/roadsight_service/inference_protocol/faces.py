"""How the protocol shows a model that serves: twice, under the name of its bundle.

Models --offered--> name: the raw graph, crops in; name-jpeg: the camera one, pictures in
name, version --find--> Face
              UnknownModel
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from roadsight_models.errors import UnknownModel
from roadsight_service.served import Model, Models

CAMERA = "-jpeg"  # of any kind of picture that `/v1/classify` takes
ANY = -1  # a side of a shape that requests choose


class Spec(NamedTuple):
    """A tensor that goes in or comes out."""

    name: str
    datatype: str
    shape: tuple[int, ...]  # batch first


@dataclass(frozen=True)
class Face:
    """A model, as the protocol shows it."""

    name: str
    model: Model
    is_camera: bool

    @property
    def version(self) -> str:
        """The one that serves."""
        return self.model.manifest.version

    @property
    def task(self) -> str:
        """What it judges."""
        return self.model.manifest.task

    @property
    def input(self) -> Spec:
        """The only tensor that goes in."""
        if self.is_camera:
            return Spec("image", "BYTES", (ANY, 1))
        rule = self.model.manifest.input
        return Spec("frames", "UINT8", (ANY, rule.height, rule.width, 3))

    @property
    def outputs(self) -> tuple[Spec, ...]:
        """What comes out, in the order that is told."""
        classes = len(self.model.manifest.labels)
        if self.is_camera:
            return (Spec("probabilities", "FP32", (ANY, classes)),)
        return Spec("logits", "FP32", (ANY, classes)), Spec("embedding", "FP32", (ANY, ANY))

    def labels(self, output: str) -> tuple[str, ...]:
        """What the columns of an output mean, if they mean something."""
        return () if output == "embedding" else self.model.manifest.labels


def offered(models: Models) -> Mapping[str, Face]:
    """All that serves; of two of one name the raw graph."""
    cameras = [Face(f"{model.manifest.name}{CAMERA}", model, True) for model in models.values()]
    graphs = [Face(model.manifest.name, model, False) for model in models.values()]
    return {face.name: face for face in (*cameras, *graphs)}


def find(models: Models, name: str, version: str) -> Face:
    """What serves under a name.

    Args:
        models: that serve.
        name: of the model, as the protocol shows it.
        version: that must serve; any if empty.

    Raises:
        UnknownModel: nothing serves under this name, or in this version.
    """
    faces = offered(models)
    if name not in faces:
        raise UnknownModel(f"no model {name[:80]!r} serves; there are: {', '.join(sorted(faces))}")
    face = faces[name]
    if version not in {"", face.version}:
        raise UnknownModel(f"model {name!r} has no version {version[:40]!r}; {face.version} serves")
    return face
