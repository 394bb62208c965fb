"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model Ticket
- Create model TicketTransition
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, PathField
from tests.writing.desk.rules import TicketState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Ticket',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('title', fields.CharField(max_length=50)),
                ('note', fields.CharField(default='', max_length=50)),
                ('amount', fields.DecimalField(null=True, max_digits=12, decimal_places=2)),
                ('happened_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('state', fields.CharEnumField(enum_type=TicketState, max_length=16)),
                ('version', fields.IntField(default=1)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'desk_ticket', 'app': 'desk', 'indexes': [Index(fields=['organization_id', 'id'], name='desk_ticket_org'), Index(fields=['org_path', 'id'], name='desk_ticket_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TicketTransition',
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
                ('subject', fields.ForeignKeyField('desk.Ticket', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'desk_ticket_transition', 'app': 'desk', 'indexes': [Index(fields=['subject_id', 'id'], name='desk_transition_subject')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
    ]
