"""What a vehicle imports: a typed client that depends on nothing of the server.

>>> with Client("http://127.0.0.1:8080") as client:                                          # doctest: +SKIP
...     answer = client.classify(open("frame.jpg", "rb").read(), regions=[(600, 210, 664, 276)], deadline_ms=50)
...     answer.regions[0].results[0].predictions[0].label
"""

from roadsight_client.answers import Answer, Check, Distance, Frame, Prediction, Region, Result, Spent
from roadsight_client.client import Client
from roadsight_client.errors import ClientError, Problem, Unreachable

__all__ = [
    "Answer",
    "Check",
    "Client",
    "ClientError",
    "Distance",
    "Frame",
    "Prediction",
    "Problem",
    "Region",
    "Result",
    "Spent",
    "Unreachable",
]
