"""A count from paper belongs to a table, which says of whom it is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("involvement", "0018_paper_tables_filled"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="papercount", name="paper_count_of_people_or_of_a_card"),
        migrations.RemoveConstraint(model_name="papercount", name="paper_people_once_a_perspective"),
        migrations.RemoveConstraint(model_name="papercount", name="paper_count_once_a_card"),
        migrations.RemoveField(model_name="papercount", name="workshop"),
        migrations.RemoveField(model_name="papercount", name="perspective"),
        migrations.AlterField(
            model_name="papercount",
            name="table",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="counts", to="involvement.papertable"),
        ),
        migrations.AlterField(
            model_name="papercount",
            name="card",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="paper_counts", to="involvement.card"),
        ),
        migrations.AlterField(
            model_name="papercount",
            name="kind",
            field=models.CharField(choices=[("first", "First"), ("now", "Now"), ("votes", "Votes")], max_length=6),
        ),
        migrations.AddConstraint(
            model_name="papercount",
            constraint=models.UniqueConstraint(
                fields=("card", "table", "kind", "place"), name="paper_count_once_at_a_table"),
        ),
    ]
