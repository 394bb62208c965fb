"""Written by gongzhi makemigrations; a rename keeps the old values: read before commit.

- Create model TeaParty
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import PathField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='TeaParty',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('host', fields.ForeignKeyField('core.Member', source_field='host_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('title', fields.CharField(max_length=200)),
                ('leaf', fields.CharField(max_length=64)),
                ('held_on', fields.DateField()),
            ],
            options={'table': 'tea_party', 'app': 'tea', 'indexes': [Index(fields=['host_id', 'held_on', 'id'], name='tea_party_host'), Index(fields=['org_path', 'id'], name='tea_party_path'), Index(fields=['leaf', 'org_path', 'id'], name='tea_party_leaf')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
