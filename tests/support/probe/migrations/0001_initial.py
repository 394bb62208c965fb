"""Written by gongzhi makemigrations; a rename keeps the old values: read before commit.

- Create model Thing
- Create model Remark
- Create model Mark
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from tests.support.probe.models import Mood
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Thing',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('twin', fields.ForeignKeyField('probe.Thing', source_field='twin_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('name', KeyTextField(max_length=50)),
                ('kind', fields.CharField(max_length=64)),
                ('rank', fields.IntField()),
                ('due_on', fields.DateField()),
                ('seen_at', InstantField(auto_now=False, auto_now_add=False)),
                ('price', fields.DecimalField(max_digits=12, decimal_places=4)),
                ('urgent', fields.BooleanField()),
                ('published', fields.BooleanField()),
                ('mood', fields.CharEnumField(enum_type=Mood, max_length=16)),
                ('note', fields.CharField(null=True, max_length=50)),
                ('tags', fields.JSONField()),
            ],
            options={'table': 'probe_thing', 'app': 'probe', 'indexes': [Index(fields=['org_path', 'id'], name='probe_thing_path'), Index(fields=['organization_id', 'id'], name='probe_thing_org'), Index(fields=['person_id', 'id'], name='probe_thing_person'), Index(fields=['name', 'id'], name='probe_thing_name'), Index(fields=['kind', 'id'], name='probe_thing_kind'), Index(fields=['rank', 'id'], name='probe_thing_rank'), Index(fields=['due_on', 'id'], name='probe_thing_due'), Index(fields=['seen_at', 'id'], name='probe_thing_seen'), Index(fields=['urgent', 'id'], name='probe_thing_urgent'), Index(fields=['mood', 'id'], name='probe_thing_mood')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Remark',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('thing', fields.ForeignKeyField('probe.Thing', source_field='thing_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('text', KeyTextField(max_length=50)),
            ],
            options={'table': 'probe_remark', 'app': 'probe', 'indexes': [Index(fields=['thing_id', 'text', 'id'], name='probe_remark_thing')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Mark',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('subject_type', fields.CharField(max_length=30)),
                ('subject_id', fields.BigIntField()),
                ('text', KeyTextField(max_length=50)),
            ],
            options={'table': 'probe_mark', 'app': 'probe', 'indexes': [Index(fields=['org_path', 'id'], name='probe_mark_path'), Index(fields=['organization_id', 'id'], name='probe_mark_org'), Index(fields=['subject_type', 'subject_id', 'text'], name='probe_mark_subject'), Index(fields=['text', 'id'], name='probe_mark_text')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
