"""What does the server call?"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
application = get_wsgi_application()

from kalanso.hub.explore import tasks  # noqa: E402 - needs the settings

tasks.warm()
