"""Why did a form server not give what was asked, and what can a person try?"""

from __future__ import annotations

from kalanso.sources.fetching import NotFetched


class NotPulled(NotFetched):
    """Something that did not arrive from a form server, as a sentence with what to try.

    Never holds a password, a token, or an address with either in it.
    """
