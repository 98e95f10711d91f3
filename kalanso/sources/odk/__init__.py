"""What do forms filled in on telephones say: ODK Central and KoboToolbox?

`transport` asks politely and trusts nothing that comes back; `central` and `kobo` know their server's
addresses; `flattening` makes tables of nested answers; `keeping` merges an increment into the files
of the pull before. Attachments (photos, sound) are never fetched: only their names are kept.
"""

from kalanso.sources.odk.central import Central
from kalanso.sources.odk.faults import NotPulled
from kalanso.sources.odk.forms import Form, Server
from kalanso.sources.odk.keeping import Pulled, pull
from kalanso.sources.odk.kobo import Kobo
from kalanso.sources.odk.transport import Credentials, Transport, opened

__all__ = [
    "Central",
    "Credentials",
    "Form",
    "Kobo",
    "NotPulled",
    "Pulled",
    "Server",
    "Transport",
    "opened",
    "pull",
]
