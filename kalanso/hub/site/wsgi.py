"""What does the server call?"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
application = get_wsgi_application()

from kalanso.hub.explore import tasks as of_explore  # noqa: E402 - needs the settings
from kalanso.hub.site import tasks  # noqa: E402

of_explore.warm()
tasks.keep_ready()
