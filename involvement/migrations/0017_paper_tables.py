"""Tables of people without phones, each by itself: two of one perspective no longer share a count."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import involvement.models.workshops
from involvement.walls import walls


class Migration(migrations.Migration):

    dependencies = [
        ("involvement", "0016_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaperTable",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("recorded_at", models.DateTimeField(
                    default=involvement.models.workshops.this_minute, editable=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("perspective", models.CharField(choices=[
                    ("patient", "Patient or service user"), ("carer", "Carer or family"),
                    ("public", "Member of the public"), ("staff", "Staff"),
                    ("board", "Board member or governor"), ("other", "Somebody else")], max_length=8)),
                ("people", models.PositiveSmallIntegerField()),
                ("key", models.UUIDField(null=True)),
                ("organisation", models.ForeignKey(
                    editable=False, on_delete=django.db.models.deletion.PROTECT, to="involvement.organisation")),
                ("recorded_by", models.ForeignKey(
                    editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL)),
                ("workshop", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="paper_tables",
                    to="involvement.workshop")),
            ],
            options={
                "default_related_name": "paper_tables",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("workshop", "key"), name="paper_table_once_a_form"),
                    models.UniqueConstraint(fields=("workshop", "number"), name="paper_table_number_once_a_workshop"),
                ],
            },
        ),
        migrations.AddField(
            model_name="papercount",
            name="table",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="counts",
                to="involvement.papertable"),
        ),
        walls(),
    ]
