"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model Issue
- Create model IssueAttachment
- Create model IssueMeasure
- Create model IssueParticipant
- Create model IssueRecurrence
- Create model IssueReferral
- Create model IssueSupervision
- Create model IssueTransition
- Create model ReturnVisit
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.calendar.rules import DayBasis
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi_ledger.rules import AgendaKind, HandlingMode, IssueSeverity, IssueState, ParticipantRole, ReferralKind, ResolutionLevel, Satisfaction
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0003_append_only')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Issue',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('number', KeyTextField(unique=True, max_length=100)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('area', fields.ForeignKeyField('core.Area', source_field='area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('area_path', PathField(default='', max_length=255)),
                ('title', fields.CharField(max_length=200)),
                ('description', fields.TextField(default='', unique=False)),
                ('source', fields.CharField(max_length=64)),
                ('source_type', fields.CharField(default='', max_length=64)),
                ('source_id', fields.BigIntField(null=True)),
                ('category', fields.CharField(max_length=64)),
                ('severity', fields.CharEnumField(default=IssueSeverity.ORDINARY, enum_type=IssueSeverity, max_length=16)),
                ('handling_mode', fields.CharEnumField(null=True, enum_type=HandlingMode, max_length=16)),
                ('state', fields.CharEnumField(default=IssueState.RECEIVED, enum_type=IssueState, max_length=16)),
                ('state_since', InstantField(auto_now=False, auto_now_add=False)),
                ('resolution_level', fields.CharEnumField(default=ResolutionLevel.COMMUNITY, enum_type=ResolutionLevel, max_length=16)),
                ('collector', fields.ForeignKeyField('core.Person', source_field='collector_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('reporter', fields.ForeignKeyField('core.Person', source_field='reporter_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('handler', fields.ForeignKeyField('core.Person', source_field='handler_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('lead_unit', fields.ForeignKeyField('core.Organization', source_field='lead_unit_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('due_on', fields.DateField(null=True)),
                ('due_basis', fields.CharEnumField(null=True, enum_type=DayBasis, max_length=16)),
                ('due_days', fields.IntField(null=True)),
                ('overdue_recorded_on', fields.DateField(null=True)),
                ('exists_since', fields.DateField(null=True)),
                ('received_at', InstantField(auto_now=False, auto_now_add=False)),
                ('opened_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('opened_on', fields.DateField(null=True)),
                ('settled_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('settlements', fields.IntField(default=0)),
                ('disclosed_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('closed_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_on', fields.DateField(null=True)),
                ('result', fields.TextField(default='', unique=False)),
                ('planned_cost', fields.DecimalField(null=True, max_digits=14, decimal_places=2)),
                ('actual_cost', fields.DecimalField(null=True, max_digits=14, decimal_places=2)),
                ('affected_households', fields.IntField(null=True)),
                ('recurrence_count', fields.IntField(default=0)),
                ('merged_into', fields.ForeignKeyField('ledger.Issue', source_field='merged_into_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'ledger_issue', 'app': 'ledger', 'indexes': [Index(fields=['organization_id', 'received_at', 'id'], name='ledger_issue_org'), Index(fields=['org_path', 'id'], name='ledger_issue_path'), Index(fields=['area_id', 'received_at', 'id'], name='ledger_issue_area'), Index(fields=['area_path', 'id'], name='ledger_issue_area_path'), Index(fields=['state', 'org_path', 'due_on'], name='ledger_issue_state'), Index(fields=['severity', 'state', 'org_path'], name='ledger_issue_severity'), Index(fields=['category', 'org_path'], name='ledger_issue_category'), Index(fields=['source', 'org_path'], name='ledger_issue_source'), Index(fields=['source_type', 'source_id'], name='ledger_issue_origin'), Index(fields=['collector_id', 'id'], name='ledger_issue_collector'), Index(fields=['handler_id', 'id'], name='ledger_issue_handler'), Index(fields=['reporter_id'], name='ledger_issue_reporter'), Index(fields=['due_on', 'org_path'], name='ledger_issue_due'), Index(fields=['received_at', 'org_path'], name='ledger_issue_received'), Index(fields=['opened_on', 'org_path'], name='ledger_issue_opened'), Index(fields=['ended_on', 'org_path'], name='ledger_issue_ended'), Index(fields=['disclosed_at', 'org_path'], name='ledger_issue_disclosed'), Index(fields=['closed_at', 'org_path'], name='ledger_issue_closed'), Index(fields=['recurrence_count', 'id'], name='ledger_issue_recurring'), Index(fields=['merged_into_id'], name='ledger_issue_merged')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueAttachment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('uri', fields.CharField(max_length=1000)),
                ('title', fields.CharField(max_length=200)),
                ('sha256', fields.CharField(default='', max_length=64)),
            ],
            options={'table': 'ledger_attachment', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'id'], name='ledger_attachment_issue')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueMeasure',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=64)),
                ('unit', fields.ForeignKeyField('core.Organization', source_field='unit_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('unit_name', fields.CharField(default='', max_length=200)),
                ('done_on', fields.DateField(null=True)),
                ('text', fields.TextField(default='', unique=False)),
                ('sites', fields.CharField(default='', max_length=500)),
                ('households', fields.IntField(null=True)),
                ('planned_cost', fields.DecimalField(null=True, max_digits=14, decimal_places=2)),
                ('actual_cost', fields.DecimalField(null=True, max_digits=14, decimal_places=2)),
                ('version', fields.IntField(default=1)),
            ],
            options={'table': 'ledger_measure', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'id'], name='ledger_measure_issue'), Index(fields=['unit_id'], name='ledger_measure_unit')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueParticipant',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(default='', max_length=200)),
                ('role', fields.CharEnumField(default=ParticipantRole.PARTNER, enum_type=ParticipantRole, max_length=16)),
            ],
            options={'table': 'ledger_participant', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'id'], name='ledger_participant_issue'), Index(fields=['organization_id', 'id'], name='ledger_participant_org')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueRecurrence',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('observed_on', fields.DateField()),
                ('note', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'ledger_recurrence', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'observed_on', 'id'], name='ledger_recurrence_issue')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueReferral',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(enum_type=ReferralKind, max_length=16)),
                ('receiver', fields.ForeignKeyField('core.Organization', source_field='receiver_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('from_level', fields.CharEnumField(enum_type=ResolutionLevel, max_length=16)),
                ('to_level', fields.CharEnumField(enum_type=ResolutionLevel, max_length=16)),
                ('refused_by', fields.CharField(default='', max_length=200)),
                ('reason', fields.TextField(unique=False)),
                ('occurred_at', InstantField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'ledger_referral', 'app': 'ledger', 'indexes': [Index(fields=['organization_id', 'occurred_at', 'id'], name='ledger_referral_org'), Index(fields=['org_path', 'id'], name='ledger_referral_path'), Index(fields=['issue_id', 'id'], name='ledger_referral_issue'), Index(fields=['receiver_id'], name='ledger_referral_receiver')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueSupervision',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(enum_type=AgendaKind, max_length=24)),
                ('held_on', fields.DateField()),
                ('note', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'ledger_supervision', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'kind', 'held_on'], name='ledger_supervision_issue')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IssueTransition',
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
                ('subject', fields.ForeignKeyField('ledger.Issue', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'ledger_issue_transition', 'app': 'ledger', 'indexes': [Index(fields=['subject_id', 'id'], name='ledger_transition_issue')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
        ops.CreateModel(
            name='ReturnVisit',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('issue', fields.ForeignKeyField('ledger.Issue', source_field='issue_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('settlement', fields.IntField()),
                ('visitor', fields.ForeignKeyField('core.Person', source_field='visitor_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('visited_at', InstantField(auto_now=False, auto_now_add=False)),
                ('visited_on', fields.DateField()),
                ('at_home', fields.BooleanField(default=True)),
                ('satisfaction', fields.CharEnumField(enum_type=Satisfaction, max_length=16)),
                ('note', fields.TextField(default='', unique=False)),
                ('override_reason', fields.CharField(default='', max_length=500)),
            ],
            options={'table': 'ledger_return_visit', 'app': 'ledger', 'indexes': [Index(fields=['issue_id', 'visited_at', 'id'], name='ledger_visit_issue'), Index(fields=['visited_on', 'org_path'], name='ledger_visit_day'), Index(fields=['org_path', 'id'], name='ledger_visit_path'), Index(fields=['organization_id'], name='ledger_visit_org'), Index(fields=['visitor_id'], name='ledger_visit_visitor')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
