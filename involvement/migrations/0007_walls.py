"""PostgreSQL keeps organisations apart itself, and histories and security events as they were written."""

from django.db import migrations

from involvement.walls import walls


class Migration(migrations.Migration):

    dependencies = [
        ('involvement', '0006_operators'),
    ]

    operations = [walls()]
