"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model Publication
- Create model Posting
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, PathField
from gongzhi_publication.rules import PublicationState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Publication',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('category', fields.CharField(max_length=64)),
                ('title', fields.CharField(max_length=200)),
                ('body', fields.TextField(default='', unique=False)),
                ('subject_type', fields.CharField(default='', max_length=64)),
                ('subject_id', fields.BigIntField(null=True)),
                ('state', fields.CharEnumField(default=PublicationState.DRAFT, enum_type=PublicationState, max_length=16)),
                ('due_on', fields.DateField(null=True)),
                ('listed_on', fields.DateField()),
                ('published_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('period_days', fields.IntField(null=True)),
                ('ends_on', fields.DateField(null=True)),
                ('withdrawn_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('withdrawn_reason', fields.CharField(default='', max_length=500)),
                ('synthetic', fields.BooleanField(default=False)),
            ],
            options={'table': 'publication_publication', 'app': 'publication', 'indexes': [Index(fields=['organization_id', 'listed_on', 'id'], name='publication_organization'), Index(fields=['org_path', 'id'], name='publication_path'), Index(fields=['state', 'listed_on', 'id'], name='publication_state'), Index(fields=['category', 'listed_on', 'id'], name='publication_category'), Index(fields=['listed_on', 'id'], name='publication_listed'), Index(fields=['subject_type', 'subject_id', 'id'], name='publication_subject')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Posting',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('publication', fields.ForeignKeyField('publication.Publication', source_field='publication_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('channel', fields.CharField(max_length=64)),
                ('place', fields.CharField(default='', max_length=200)),
                ('posted_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'publication_posting', 'app': 'publication', 'indexes': [Index(fields=['publication_id', 'id'], name='publication_posting_publication'), Index(fields=['org_path', 'id'], name='publication_posting_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
