"""Which replica gets a request: of two that chance picks, the one with fewer under way.

request --Ray's proxy, Router--> replica

Ray's own router asks replicas on the proxy's machine first, and others only when those take no more. Ours take far more
than they can answer in time (see `app`), so one machine would refuse frames while others idle.
"""

import random

from ray.serve.request_router import FIFOMixin, PendingRequest, RequestRouter, RunningReplica

CHOICES = 2  # Mitzenmacher 2001, "The Power of Two Choices in Randomized Load Balancing"


class Router(FIFOMixin, RequestRouter):
    """Wherever the replicas are."""

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Is called by Ray, which takes the one with fewer requests; again, later, if both are full."""
        return [random.sample(candidate_replicas, min(CHOICES, len(candidate_replicas)))]
