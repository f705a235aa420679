"""What a vehicle imports: a typed client that depends on nothing of the server.

>>> with Client("http://127.0.0.1:8080") as client:                                          # doctest: +SKIP
...     answer = client.classify(open("frame.jpg", "rb").read(), regions=[(600, 210, 664, 276)], deadline_ms=50)
...     answer.regions[0].results[0].predictions[0].label
"""

from roadsight_client.answers import Answer, Frame, Prediction, Region, Result
from roadsight_client.checks import Certificate, Check, Distance, Spent
from roadsight_client.client import Client
from roadsight_client.errors import ClientError, Problem, Unreachable
from roadsight_client.served import Metric, Model, Robustness

__all__ = [
    "Answer",
    "Certificate",
    "Check",
    "Client",
    "ClientError",
    "Distance",
    "Frame",
    "Metric",
    "Model",
    "Prediction",
    "Problem",
    "Region",
    "Result",
    "Robustness",
    "Spent",
    "Unreachable",
]
