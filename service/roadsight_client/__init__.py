"""What a vehicle imports: a typed client that depends on nothing of the server.

>>> with Client("http://127.0.0.1:8080") as client:                                          # doctest: +SKIP
...     answer = client.classify("frame.jpg", regions=[(600, 210, 664, 276)], deadline_ms=50)
...     answer.regions[0].results[0].predictions[0].label
"""

from roadsight_client.answers import Answer, Frame, Fused, Prediction, Region, Result
from roadsight_client.checks import Certificate, Check, Distance, Spent
from roadsight_client.client import AsyncClient, Client
from roadsight_client.errors import (
    BadImage,
    BadParameter,
    BadRegion,
    ClientError,
    DeadlineMissed,
    Draining,
    Forbidden,
    NoFrames,
    NotReady,
    NotRoadsight,
    Problem,
    QueueFull,
    TooLarge,
    Unauthorized,
    UnknownTask,
    UnknownVersion,
    Unreachable,
    UnsupportedMediaType,
)
from roadsight_client.frames import CameraFrame, Tracked
from roadsight_client.messages import Seen, Superseded
from roadsight_client.raw import RawFrame
from roadsight_client.served import Metric, Model, Robustness

__all__ = [
    "Answer",
    "AsyncClient",
    "BadImage",
    "BadParameter",
    "BadRegion",
    "CameraFrame",
    "Certificate",
    "Check",
    "Client",
    "ClientError",
    "DeadlineMissed",
    "Distance",
    "Draining",
    "Forbidden",
    "Frame",
    "Fused",
    "Metric",
    "Model",
    "NoFrames",
    "NotReady",
    "NotRoadsight",
    "Prediction",
    "Problem",
    "QueueFull",
    "RawFrame",
    "Region",
    "Result",
    "Robustness",
    "Seen",
    "Spent",
    "Superseded",
    "TooLarge",
    "Tracked",
    "Unauthorized",
    "UnknownTask",
    "UnknownVersion",
    "Unreachable",
    "UnsupportedMediaType",
]
