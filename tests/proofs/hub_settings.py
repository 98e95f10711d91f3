"""With which settings does the hub run while it is proven? Its own, with one more page and one more kind of job.

Leases are short, so that what a killed worker held is given back within seconds.
"""

from __future__ import annotations

from kalanso.hub.site.settings import *  # noqa: F403
from kalanso.hub.site.settings import INSTALLED_APPS as _APPS
from kalanso.hub.site.settings import KALANSO_JOBS as _JOBS

ROOT_URLCONF = "hub_pages"
KALANSO_JOBS = {**_JOBS, "proof.count": "hub_pages.count"}
INSTALLED_APPS = [*_APPS, "hub_short_leases.ShortLeases"]
