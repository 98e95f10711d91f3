"""How large are the photos that were kept before their sizes were written down?"""

from typing import Any

from django.db import migrations, models
from PIL import Image


def measure(apps: Any, schema_editor: Any) -> None:
    """Look at each photo once; one that is lost or broken stays without a size."""
    for comment in apps.get_model("people", "Comment").objects.exclude(photo="").exclude(photo=None):
        try:
            with comment.photo.open("rb") as file, Image.open(file) as image:
                comment.photo_width, comment.photo_height = image.size
            comment.photo_bytes = comment.photo.size
        except (OSError, SyntaxError):
            continue
        comment.save(update_fields=["photo_width", "photo_height", "photo_bytes"])


class Migration(migrations.Migration):
    dependencies = [("people", "0002_accounts_and_letters")]

    operations = [
        *(
            migrations.AddField(
                model_name="comment", name=name, field=models.PositiveIntegerField(blank=True, null=True)
            )
            for name in ("photo_width", "photo_height", "photo_bytes")
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
    ]
