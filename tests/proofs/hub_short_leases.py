"""How long does a worker hold a job while the hub is proven? Seconds, so that kills come faster than in service."""

from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig


class ShortLeases(AppConfig):
    """Shortens leases before any worker takes its first job."""

    name = "hub_short_leases"

    def ready(self) -> None:
        """Shorten them."""
        from kalanso.hub.jobs import actions, tasks

        actions.LEASE = timedelta(seconds=4)
        tasks.HEARTBEAT = 1.0
