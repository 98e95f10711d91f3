"""Which places exist, as SQL can ask? A copy of the published places, never edited by hand."""

from __future__ import annotations

from django.db import models


class PlaceMirror(models.Model):
    """A place of the newest published tree.

    `path` holds the codes from the country down, such as "/ML/ML01/ML0102/", so that all places below one
    are those whose path begins with its path. `flagged`: it or a place above it is under a security flag.
    """

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=200)
    level = models.CharField(max_length=30)
    parent_code = models.CharField(max_length=40, blank=True, default="")
    path = models.CharField(max_length=400, db_index=True)
    flagged = models.BooleanField(default=False)
    snapshot = models.CharField(max_length=120)

    class Meta:
        ordering = ("path",)

    def __str__(self) -> str:
        return self.name
