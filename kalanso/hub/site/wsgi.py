"""What does the server call?"""

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
django.setup(set_prefix=False)

from kalanso.hub.explore import tasks as of_explore  # noqa: E402 - needs the settings
from kalanso.hub.people.queries.addresses import page_asked  # noqa: E402
from kalanso.hub.site import tasks  # noqa: E402


class Pages(WSGIHandler):
    """The pages; which of them is asked for was found on the way in, and is not looked for again."""

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Return the page that is asked for. Raises Resolver404 where there is none."""
        found = None if hasattr(request, "urlconf") else page_asked(request)
        if found is None:
            return super().resolve_request(request)
        request.resolver_match = found
        return found


application = Pages()

of_explore.warm()
tasks.keep_ready()
