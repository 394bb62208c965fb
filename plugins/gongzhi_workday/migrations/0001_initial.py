"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model Campaign
- Create model LiaisonAssignment
- Create model WorkdayProgramme
- Create model WorkdaySession
- Create model Visit
- Create model EmploymentCase
- Create model EmploymentCaseTransition
- Create model WorkdaySessionMember
- Create model WorkdaySessionTransition
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.database.fields import InstantField, PathField
from gongzhi_workday.rules import EmploymentCaseState, HalfDay, VisitKind, Weekday, WorkdayRole, WorkdaySessionState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0002_writes'), ('publication', '0002_writes')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Campaign',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('name', fields.CharField(max_length=200)),
                ('starts_on', fields.DateField()),
                ('ends_on', fields.DateField(null=True)),
                ('target_households', fields.IntField(null=True)),
                ('ended_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'workday_campaign', 'app': 'workday', 'indexes': [Index(fields=['organization_id', 'starts_on', 'id'], name='workday_campaign_org'), Index(fields=['org_path', 'id'], name='workday_campaign_path'), Index(fields=['starts_on', 'id'], name='workday_campaign_starts')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LiaisonAssignment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('official', fields.ForeignKeyField('core.Person', source_field='official_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('is_area_lead', fields.BooleanField(default=False)),
                ('starts_on', fields.DateField()),
                ('ends_on', fields.DateField(null=True)),
                ('synthetic', fields.BooleanField(default=False)),
            ],
            options={'table': 'workday_liaison', 'app': 'workday', 'indexes': [Index(fields=['organization_id', 'official_id', 'id'], name='workday_liaison_org'), Index(fields=['official_id', 'id'], name='workday_liaison_official'), Index(fields=['org_path', 'id'], name='workday_liaison_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WorkdayProgramme',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('weekday', fields.CharEnumField(default=Weekday.MONDAY, enum_type=Weekday, max_length=16)),
                ('half_day', fields.CharEnumField(default=HalfDay.MORNING, enum_type=HalfDay, max_length=16)),
                ('starts_at', fields.CharField(default='', max_length=5)),
                ('ends_at', fields.CharField(default='', max_length=5)),
                ('starts_on', fields.DateField()),
                ('ends_on', fields.DateField(null=True)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'workday_programme', 'app': 'workday', 'unique_together': (('organization_id', 'starts_on'),), 'indexes': [Index(fields=['org_path', 'id'], name='workday_programme_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WorkdaySession',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('programme', fields.ForeignKeyField('workday.WorkdayProgramme', source_field='programme_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('area', fields.ForeignKeyField('core.Area', source_field='area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('area_path', PathField(default='', max_length=255)),
                ('day', fields.DateField()),
                ('weekday', fields.CharEnumField(enum_type=Weekday, max_length=16)),
                ('half_day', fields.CharEnumField(enum_type=HalfDay, max_length=16)),
                ('starts_at', fields.CharField(default='', max_length=5)),
                ('ends_at', fields.CharField(default='', max_length=5)),
                ('place', fields.CharField(default='', max_length=200)),
                ('staff', fields.CharField(default='', max_length=500)),
                ('exception_reason', fields.CharField(default='', max_length=500)),
                ('state', fields.CharEnumField(default=WorkdaySessionState.PLANNED, enum_type=WorkdaySessionState, max_length=24)),
                ('occupies', fields.BooleanField(null=True, default=True)),
                ('notice', fields.ForeignKeyField('publication.Publication', source_field='notice_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('without_notice_on', fields.DateField(null=True)),
                ('functions', fields.JSONField(default=list)),
                ('summary', fields.TextField(default='', unique=False)),
                ('postponed_from', fields.ForeignKeyField('workday.WorkdaySession', source_field='postponed_from_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'workday_session', 'app': 'workday', 'unique_together': (('organization_id', 'day', 'half_day', 'occupies'),), 'indexes': [Index(fields=['org_path', 'day', 'id'], name='workday_session_path'), Index(fields=['area_path', 'day', 'id'], name='workday_session_area_path'), Index(fields=['area_id', 'id'], name='workday_session_area'), Index(fields=['day', 'id'], name='workday_session_day'), Index(fields=['state', 'day', 'id'], name='workday_session_state'), Index(fields=['weekday', 'day', 'id'], name='workday_session_weekday'), Index(fields=['programme_id', 'id'], name='workday_session_programme'), Index(fields=['postponed_from_id', 'id'], name='workday_session_postponed'), Index(fields=['notice_id', 'id'], name='workday_session_notice')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Visit',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('session', fields.ForeignKeyField('workday.WorkdaySession', source_field='session_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('campaign', fields.ForeignKeyField('workday.Campaign', source_field='campaign_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(enum_type=VisitKind, max_length=16)),
                ('visitor', fields.ForeignKeyField('core.Person', source_field='visitor_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('visited', fields.ForeignKeyField('core.Person', source_field='visited_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('visited_label', fields.CharField(default='', max_length=100)),
                ('area', fields.ForeignKeyField('core.Area', source_field='area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('visited_at', InstantField(auto_now=False, auto_now_add=False)),
                ('households', fields.IntField(default=1)),
                ('needs', fields.IntField(default=0)),
                ('findings', fields.TextField(default='', unique=False)),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=True)),
                ('synthetic', fields.BooleanField(default=False)),
            ],
            options={'table': 'workday_visit', 'app': 'workday', 'indexes': [Index(fields=['organization_id', 'visited_at', 'id'], name='workday_visit_org'), Index(fields=['org_path', 'id'], name='workday_visit_path'), Index(fields=['session_id', 'id'], name='workday_visit_session'), Index(fields=['campaign_id', 'id'], name='workday_visit_campaign'), Index(fields=['visitor_id', 'visited_at', 'id'], name='workday_visit_visitor'), Index(fields=['visited_id', 'visited_at', 'id'], name='workday_visit_visited'), Index(fields=['kind', 'visited_at', 'id'], name='workday_visit_kind'), Index(fields=['visited_at', 'id'], name='workday_visit_at')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EmploymentCase',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('subject', fields.ForeignKeyField('core.Person', source_field='subject_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('subject_label', fields.CharField(default='', max_length=100)),
                ('session', fields.ForeignKeyField('workday.WorkdaySession', source_field='session_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('visit', fields.ForeignKeyField('workday.Visit', source_field='visit_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('state', fields.CharEnumField(default=EmploymentCaseState.NEED_LEARNED, enum_type=EmploymentCaseState, max_length=24)),
                ('need', fields.TextField(default='', unique=False)),
                ('post', fields.CharField(default='', max_length=200)),
                ('employer', fields.CharField(default='', max_length=200)),
                ('plan', fields.TextField(default='', unique=False)),
                ('support', fields.TextField(default='', unique=False)),
                ('employed_on', fields.DateField(null=True)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'workday_employment_case', 'app': 'workday', 'indexes': [Index(fields=['organization_id', 'id'], name='workday_case_org'), Index(fields=['org_path', 'id'], name='workday_case_path'), Index(fields=['state', 'id'], name='workday_case_state'), Index(fields=['subject_id', 'id'], name='workday_case_subject'), Index(fields=['session_id', 'id'], name='workday_case_session'), Index(fields=['visit_id', 'id'], name='workday_case_visit')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EmploymentCaseTransition',
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
                ('subject', fields.ForeignKeyField('workday.EmploymentCase', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'workday_employment_case_transition', 'app': 'workday', 'indexes': [Index(fields=['subject_id', 'id'], name='workday_case_transition_of')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
        ops.CreateModel(
            name='WorkdaySessionMember',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('session', fields.ForeignKeyField('workday.WorkdaySession', source_field='session_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('role', fields.CharEnumField(default=WorkdayRole.MEMBER, enum_type=WorkdayRole, max_length=16)),
                ('attended', fields.BooleanField(null=True)),
            ],
            options={'table': 'workday_session_member', 'app': 'workday', 'unique_together': (('session_id', 'person_id'),), 'indexes': [Index(fields=['person_id', 'session_id'], name='workday_member_person')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WorkdaySessionTransition',
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
                ('subject', fields.ForeignKeyField('workday.WorkdaySession', source_field='subject_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'workday_session_transition', 'app': 'workday', 'indexes': [Index(fields=['subject_id', 'id'], name='workday_session_transition_of')], 'pk_attr': 'id'},
            bases=['TransitionRecord'],
        ),
    ]
