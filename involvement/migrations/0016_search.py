from django.db import migrations

from involvement.search import search


class Migration(migrations.Migration):

    dependencies = [
        ('involvement', '0015_workshop_gaps'),
    ]

    operations = [search()]
