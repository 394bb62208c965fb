"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model CalendarDay
- Create model CalendarYear
- Create model Chain
- Create model Event
- Create model QueuedJob
- Create model RequestKey
- Create model Reveal
- Create model Subscription
- Create model Webhook
- Create model WebhookDelivery
- Create model WebhookTransition
- Add field org_path to Account
- Add field organization to Account
- Add index to Account
- Add index to Account
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.jobs.models import JobState
from gongzhi.webhooks.rules import WebhookDeliveryState, WebhookFailure, WebhookState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CalendarDay',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('day', fields.DateField(unique=True)),
                ('is_working', fields.BooleanField()),
                ('title', fields.CharField(default='', max_length=100)),
                ('source', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'core_calendar_day', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CalendarYear',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('year', fields.SmallIntField(unique=True)),
                ('confirmed', fields.BooleanField(default=False)),
                ('source', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'core_calendar_year', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Chain',
            fields=[
                ('id', fields.IntField(primary_key=True, unique=True, db_index=True, generated=False)),
                ('position', fields.BigIntField()),
                ('hash', fields.CharField(max_length=64)),
            ],
            options={'table': 'core_chain', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Event',
            fields=[
                ('id', fields.BigIntField(primary_key=True, unique=True, db_index=True, generated=False)),
                ('kind', KeyTextField(max_length=96)),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=False)),
                ('occurred_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('actor', KeyTextField(max_length=96)),
                ('on_behalf_of_id', fields.BigIntField(null=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(default='', max_length=255)),
                ('entity_type', fields.CharField(default='', max_length=64)),
                ('entity_id', fields.BigIntField(null=True)),
                ('request_id', fields.CharField(default='', max_length=64)),
                ('data', fields.TextField(default='{}', unique=False)),
                ('hash', fields.CharField(max_length=64)),
            ],
            options={'table': 'core_event', 'app': 'core', 'indexes': [Index(fields=['entity_type', 'entity_id', 'id'], name='core_event_entity'), Index(fields=['kind', 'id'], name='core_event_kind'), Index(fields=['account_id', 'id'], name='core_event_account'), Index(fields=['actor', 'id'], name='core_event_actor'), Index(fields=['organization_id', 'id'], name='core_event_organization'), Index(fields=['org_path', 'id'], name='core_event_path'), Index(fields=['recorded_at', 'id'], name='core_event_recorded')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='QueuedJob',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', KeyTextField(max_length=96)),
                ('state', fields.CharEnumField(default=JobState.WAITING, enum_type=JobState, max_length=8)),
                ('due_at', InstantField(auto_now=False, auto_now_add=False)),
                ('slot', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('key', fields.CharField(null=True, max_length=96)),
                ('event_id', fields.BigIntField(null=True)),
                ('payload', fields.TextField(default='{}', unique=False)),
                ('attempts', fields.IntField(default=0)),
                ('wake_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('last_error', fields.CharField(default='', max_length=200)),
                ('finished_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', InstantField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_job', 'app': 'core', 'unique_together': (('name', 'slot'), ('name', 'key')), 'indexes': [Index(fields=['wake_at', 'id'], name='core_job_wake'), Index(fields=['state', 'finished_at'], name='core_job_state')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RequestKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=64)),
                ('mutation', fields.CharField(max_length=96)),
                ('digest', fields.CharField(max_length=64)),
                ('entity_id', fields.BigIntField(null=True)),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_request_key', 'app': 'core', 'unique_together': (('account_id', 'key'),), 'indexes': [Index(fields=['recorded_at'], name='core_request_key_recorded')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Reveal',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('shown', fields.JSONField(default=list)),
                ('purpose', fields.CharField(max_length=64)),
                ('note', fields.CharField(default='', max_length=500)),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_reveal', 'app': 'core', 'indexes': [Index(fields=['person_id', 'id'], name='core_reveal_person'), Index(fields=['org_path', 'id'], name='core_reveal_path'), Index(fields=['account_id', 'id'], name='core_reveal_account')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Subscription',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', KeyTextField(unique=True, max_length=96)),
                ('position', fields.BigIntField()),
                ('attempts', fields.IntField(default=0)),
                ('retry_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('last_error', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'core_subscription', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Webhook',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(default='', max_length=255)),
                ('title', fields.CharField(max_length=100)),
                ('url_cipher', fields.BinaryField()),
                ('url_masked', fields.CharField(max_length=300)),
                ('kinds', fields.JSONField()),
                ('state', fields.CharEnumField(default=WebhookState.ACTIVE, enum_type=WebhookState, max_length=8)),
                ('secret_cipher', fields.BinaryField(null=True)),
                ('previous_secret_cipher', fields.BinaryField(null=True)),
                ('previous_until', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('active_after', fields.BigIntField()),
                ('failing_since', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.IntField(default=1)),
                ('created_at', InstantField(auto_now=False, auto_now_add=False)),
                ('updated_at', InstantField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_webhook', 'app': 'core', 'indexes': [Index(fields=['organization_id', 'id'], name='core_webhook_organization'), Index(fields=['org_path', 'id'], name='core_webhook_path'), Index(fields=['state', 'id'], name='core_webhook_state')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('webhook', fields.ForeignKeyField('core.Webhook', source_field='webhook_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('event', fields.ForeignKeyField('core.Event', source_field='event_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('kind', KeyTextField(max_length=96)),
                ('message_id', fields.CharField(unique=True, max_length=40)),
                ('state', fields.CharEnumField(default=WebhookDeliveryState.WAITING, enum_type=WebhookDeliveryState, max_length=10)),
                ('turn', fields.IntField(default=1)),
                ('attempts', fields.IntField(default=0)),
                ('status_code', fields.SmallIntField(null=True)),
                ('duration_ms', fields.IntField(null=True)),
                ('error', fields.CharEnumField(null=True, enum_type=WebhookFailure, max_length=16)),
                ('created_at', InstantField(auto_now=False, auto_now_add=False)),
                ('next_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('attempted_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('delivered_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_webhook_delivery', 'app': 'core', 'unique_together': (('event_id', 'webhook_id'),), 'indexes': [Index(fields=['webhook_id', 'id'], name='core_webhook_delivery_webhook'), Index(fields=['state', 'created_at'], name='core_webhook_delivery_state')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebhookTransition',
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
                ('subject', fields.ForeignKeyField('core.Webhook', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'core_webhook_transition', 'app': 'core', 'indexes': [Index(fields=['subject_id', 'id'], name='core_webhook_transition_subject')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
        ops.AddField(
            model_name='Account',
            name='org_path',
            field=PathField(default='', db_default='', max_length=255),
        ),
        ops.AddField(
            model_name='Account',
            name='organization',
            field=fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT),
        ),
        ops.AddIndex(
            model_name='Account',
            index=Index(fields=['organization_id', 'id'], name='core_account_org'),
        ),
        ops.AddIndex(
            model_name='Account',
            index=Index(fields=['org_path', 'id'], name='core_account_path'),
        ),
    ]
