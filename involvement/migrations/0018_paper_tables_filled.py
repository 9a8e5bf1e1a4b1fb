"""What was counted for a perspective becomes what was counted at one table of it."""

from django.db import migrations


def fill(apps, schema_editor):
    count, table = apps.get_model("involvement", "PaperCount"), apps.get_model("involvement", "PaperTable")
    for key in count.objects.order_by("workshop", "perspective").values_list("workshop", "perspective").distinct():
        of = count.objects.filter(workshop=key[0], perspective=key[1])
        people, one = of.filter(card=None).first(), of.first()
        made = table.objects.create(
            workshop_id=key[0], organisation_id=one.organisation_id, perspective=key[1],
            people=people.number if people else 0, recorded_by_id=one.recorded_by_id,
            number=table.objects.filter(workshop=key[0]).count() + 1,
        )
        of.update(table=made)
    count.objects.filter(card=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("involvement", "0017_paper_tables"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
