"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model TeaParty
- Create model TeaPartyTransition
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, PathField
from gongzhi_tea.rules import PartyState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0003_append_only')]

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
                ('state', fields.CharEnumField(default=PartyState.PLANNED, enum_type=PartyState, max_length=16)),
                ('missed_on', fields.DateField(null=True)),
                ('version', fields.IntField(default=1)),
            ],
            options={'table': 'tea_party', 'app': 'tea', 'indexes': [Index(fields=['host_id', 'held_on', 'id'], name='tea_party_host'), Index(fields=['org_path', 'id'], name='tea_party_path'), Index(fields=['leaf', 'org_path', 'id'], name='tea_party_leaf'), Index(fields=['state', 'held_on'], name='tea_party_state')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TeaPartyTransition',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('action', fields.CharField(max_length=32)),
                ('from_state', fields.CharField(default='', max_length=32)),
                ('to_state', fields.CharField(max_length=32)),
                ('account_id', fields.BigIntField(null=True)),
                ('actor', fields.CharField(max_length=96)),
                ('on_behalf_of', fields.ForeignKeyField('core.Person', source_field='on_behalf_of_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('occurred_at', InstantField(auto_now=False, auto_now_add=False)),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=False)),
                ('reason', fields.TextField(default='', unique=False)),
                ('document', fields.CharField(default='', max_length=200)),
                ('subject', fields.ForeignKeyField('tea.TeaParty', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'tea_party_transition', 'app': 'tea', 'indexes': [Index(fields=['subject_id', 'id'], name='tea_party_transition_subject')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
    ]
