"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model PublicationTransition
- Add field updated_at to Publication
- Add field version to Publication
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial'), ('publication', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PublicationTransition',
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
                ('subject', fields.ForeignKeyField('publication.Publication', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'publication_transition', 'app': 'publication', 'indexes': [Index(fields=['subject_id', 'id'], name='publication_transition_subject')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
        ops.AddField(
            model_name='Publication',
            name='updated_at',
            field=InstantField(null=True, auto_now=True, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Publication',
            name='version',
            field=fields.IntField(default=1, db_default=1),
        ),
    ]
