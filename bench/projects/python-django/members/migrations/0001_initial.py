"""The table of members, with the first of them."""

from django.db import migrations, models


def first_member(apps, _schema):
    apps.get_model("members", "Member").objects.create(name="Hopper")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
            ],
        ),
        migrations.RunPython(first_member),
    ]
