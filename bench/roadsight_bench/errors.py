"""What ends a measurement. A figure that can't be trusted is never printed; one of these is, in its place."""


class BenchError(Exception):
    """Base of them; its text is for the person who ran the benchmark."""


class ToolMissing(BenchError):
    """A program that the benchmark needs is not there and could not be fetched."""


class ServiceFailed(BenchError):
    """The service did not start, or it ended while it was measured; ends with the last lines of its log."""


class LoadFailed(BenchError):
    """A load generator gave no figures: it could not connect, hung, or broke."""


class PeerMissing(BenchError):
    """A peer can't be installed here; says why."""


class AnswersDiffer(BenchError):
    """A peer was given our decoder and graph, and does not say what we say: its figures would compare other work."""
