"""What can go wrong for a client.

request --socket--> answer --parse--> Answer
        Unreachable        Problem (the service said no, and why)
"""


class ClientError(Exception):
    """Base of every error of this package."""


class Unreachable(ClientError):
    """No answer: nobody listens, the connection broke, or the time was up."""


class Problem(ClientError):
    """The service refused: `status` and the stable `code` of its problem+json, and `detail` in words."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
