"""Written by `gongzhi makemigrations`. What it takes for a rename keeps the values.

- Create model Area
- Create model Code
- Create model Counter
- Create model ImportBatch
- Create model ImportChange
- Create model KindRule
- Create model Organization
- Create model Coverage
- Create model ExternalId
- Create model Indicator
- Create model OrganizationChange
- Create model Person
- Create model Account
- Create model Appointment
- Create model Grant
- Create model Member
- Create model MemberEvent
- Create model Token
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from gongzhi.access.models import AccountKind, Edge
from gongzhi.database.fields import InstantField, KeyTextField, PathField
from gongzhi.imports.models import BatchState
from gongzhi.registry.codes import AppointmentBasis, ChangeKind, ContactState, EmploymentState, Gender, MembershipStage, MembershipState, OrganizationStatus, Qualifier, SetupMode
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Area',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', KeyTextField(unique=True, max_length=64)),
                ('name', KeyTextField(max_length=200)),
                ('kind', fields.CharField(max_length=64)),
                ('parent', fields.ForeignKeyField('core.Area', source_field='parent_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('path', PathField(unique=True, max_length=255)),
                ('depth', fields.SmallIntField(default=0)),
                ('households', fields.IntField(null=True)),
                ('population', fields.BigIntField(null=True)),
                ('population_qualifier', fields.CharEnumField(default=Qualifier.EXACT, enum_type=Qualifier, max_length=16)),
                ('synthetic', fields.BooleanField(default=False)),
                ('batch_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'core_area', 'app': 'core', 'indexes': [Index(fields=['parent_id', 'code'], name='core_area_parent'), Index(fields=['kind', 'path'], name='core_area_kind'), Index(fields=['name', 'id'], name='core_area_name'), Index(fields=['batch_id'], name='core_area_batch')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Code',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('list', fields.CharField(max_length=64)),
                ('code', fields.CharField(max_length=64)),
                ('label_zh', fields.CharField(max_length=100)),
                ('label_en', fields.CharField(max_length=200)),
                ('family', fields.CharField(default='', max_length=64)),
                ('level', fields.CharField(default='', max_length=64)),
                ('sort', fields.IntField(default=0)),
                ('active', fields.BooleanField(default=True)),
                ('plugin', fields.CharField(default='core', max_length=64)),
            ],
            options={'table': 'core_code', 'app': 'core', 'unique_together': (('list', 'code'),), 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Counter',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization_id', fields.BigIntField()),
                ('org_path', PathField(max_length=255)),
                ('metric', fields.CharField(max_length=64)),
                ('bucket', fields.CharField(max_length=64)),
                ('own', fields.BigIntField(default=0)),
                ('total', fields.BigIntField(default=0)),
            ],
            options={'table': 'core_counter', 'app': 'core', 'unique_together': (('organization_id', 'metric', 'bucket'),), 'indexes': [Index(fields=['org_path', 'metric', 'id'], name='core_counter_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=64)),
                ('file_name', fields.CharField(max_length=255)),
                ('file_digest', fields.CharField(max_length=64)),
                ('state', fields.CharEnumField(default=BatchState.APPLIED, enum_type=BatchState, max_length=16)),
                ('rows', fields.IntField(default=0)),
                ('created', fields.IntField(default=0)),
                ('updated', fields.IntField(default=0)),
                ('unchanged', fields.IntField(default=0)),
                ('by', fields.CharField(default='', max_length=64)),
                ('applied_at', InstantField(auto_now=False, auto_now_add=True)),
                ('undone_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_import_batch', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportChange',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('batch', fields.ForeignKeyField('core.ImportBatch', source_field='batch_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('table', fields.CharField(max_length=64)),
                ('row_id', fields.BigIntField()),
                ('before_cipher', fields.BinaryField()),
                ('after_digest', fields.CharField(max_length=64)),
            ],
            options={'table': 'core_import_change', 'app': 'core', 'indexes': [Index(fields=['batch_id', 'id'], name='core_import_change_batch')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KindRule',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('parent_kind', fields.CharField(default='', max_length=64)),
                ('child_kind', fields.CharField(max_length=64)),
            ],
            options={'table': 'core_kind_rule', 'app': 'core', 'unique_together': (('parent_kind', 'child_kind'),), 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Organization',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', KeyTextField(unique=True, max_length=64)),
                ('name', KeyTextField(max_length=200)),
                ('short_name', fields.CharField(default='', max_length=100)),
                ('kind', fields.CharField(max_length=64)),
                ('level', fields.CharField(max_length=64)),
                ('superior', fields.ForeignKeyField('core.Organization', source_field='superior_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('path', PathField(unique=True, max_length=255)),
                ('depth', fields.SmallIntField(default=0)),
                ('area', fields.ForeignKeyField('core.Area', source_field='area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('area_path', PathField(default='', max_length=255)),
                ('setup_mode', fields.CharEnumField(default=SetupMode.SINGLE, enum_type=SetupMode, max_length=16)),
                ('is_temporary', fields.BooleanField(default=False)),
                ('purpose', fields.CharField(default='', max_length=500)),
                ('review_on', fields.DateField(null=True)),
                ('field', fields.CharField(default='', max_length=64)),
                ('established_on', fields.DateField(null=True)),
                ('approved_by', fields.CharField(default='', max_length=200)),
                ('dissolved_on', fields.DateField(null=True)),
                ('status', fields.CharEnumField(default=OrganizationStatus.ACTIVE, enum_type=OrganizationStatus, max_length=16)),
                ('phone_cipher', fields.BinaryField(null=True)),
                ('phone_masked', fields.CharField(null=True, max_length=64)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('batch_id', fields.BigIntField(null=True)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'core_organization', 'app': 'core', 'indexes': [Index(fields=['superior_id', 'path'], name='core_org_superior'), Index(fields=['kind', 'path'], name='core_org_kind'), Index(fields=['level', 'path'], name='core_org_level'), Index(fields=['area_id', 'path'], name='core_org_area'), Index(fields=['area_path', 'id'], name='core_org_area_path'), Index(fields=['name', 'id'], name='core_org_name'), Index(fields=['batch_id'], name='core_org_batch')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Coverage',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('branch', fields.ForeignKeyField('core.Organization', source_field='branch_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('unit', fields.ForeignKeyField('core.Organization', source_field='unit_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('since', fields.DateField(null=True)),
            ],
            options={'table': 'core_coverage', 'app': 'core', 'unique_together': (('branch_id', 'unit_id'),), 'indexes': [Index(fields=['unit_id'], name='core_coverage_unit')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ExternalId',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('system', fields.CharField(max_length=64)),
                ('code', fields.CharField(max_length=128)),
            ],
            options={'table': 'core_external_id', 'app': 'core', 'unique_together': (('system', 'code'),), 'indexes': [Index(fields=['organization_id', 'id'], name='core_external_org')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Indicator',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', KeyTextField(max_length=64)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(default='', max_length=255)),
                ('period', fields.CharField(max_length=32)),
                ('value', fields.DecimalField(max_digits=18, decimal_places=4)),
                ('unit', fields.CharField(default='', max_length=32)),
                ('qualifier', fields.CharEnumField(default=Qualifier.EXACT, enum_type=Qualifier, max_length=16)),
                ('source', fields.CharField(max_length=255)),
            ],
            options={'table': 'core_indicator', 'app': 'core', 'unique_together': (('code', 'organization_id', 'period'),), 'indexes': [Index(fields=['org_path', 'code', 'id'], name='core_indicator_path'), Index(fields=['organization_id', 'id'], name='core_indicator_org'), Index(fields=['code', 'id'], name='core_indicator_code')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OrganizationChange',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('kind', fields.CharEnumField(enum_type=ChangeKind, max_length=16)),
                ('occurred_on', fields.DateField()),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=True)),
                ('before', fields.CharField(default='', max_length=255)),
                ('after', fields.CharField(default='', max_length=255)),
                ('approved_by', fields.CharField(default='', max_length=200)),
                ('document', fields.CharField(default='', max_length=200)),
                ('other', fields.ForeignKeyField('core.Organization', source_field='other_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'core_organization_change', 'app': 'core', 'indexes': [Index(fields=['organization_id', 'occurred_on', 'id'], name='core_change_org'), Index(fields=['org_path', 'id'], name='core_change_path')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Person',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('name_cipher', fields.BinaryField()),
                ('name_hash', fields.CharField(max_length=64)),
                ('name_masked', fields.CharField(max_length=64)),
                ('id_number_cipher', fields.BinaryField(null=True)),
                ('id_number_hash', fields.CharField(null=True, unique=True, max_length=64)),
                ('id_number_masked', fields.CharField(null=True, max_length=32)),
                ('mobile_cipher', fields.BinaryField(null=True)),
                ('mobile_hash', fields.CharField(null=True, max_length=64)),
                ('mobile_masked', fields.CharField(null=True, max_length=32)),
                ('birth_cipher', fields.BinaryField(null=True)),
                ('birth_year', fields.SmallIntField(null=True)),
                ('gender', fields.CharEnumField(default=Gender.UNKNOWN, enum_type=Gender, max_length=16)),
                ('ethnic_group', fields.CharField(default='', max_length=64)),
                ('education', fields.CharField(default='', max_length=64)),
                ('employment_state', fields.CharEnumField(default=EmploymentState.UNKNOWN, enum_type=EmploymentState, max_length=16)),
                ('work_unit', fields.CharField(default='', max_length=200)),
                ('residence_area', fields.ForeignKeyField('core.Area', source_field='residence_area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('residence_path', PathField(default='', max_length=255)),
                ('skills', fields.JSONField(default=list)),
                ('hobbies', fields.JSONField(default=list)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('batch_id', fields.BigIntField(null=True)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'core_person', 'app': 'core', 'indexes': [Index(fields=['org_path', 'id'], name='core_person_path'), Index(fields=['organization_id', 'id'], name='core_person_org'), Index(fields=['name_hash'], name='core_person_name'), Index(fields=['mobile_hash'], name='core_person_mobile'), Index(fields=['residence_path', 'id'], name='core_person_residence'), Index(fields=['batch_id'], name='core_person_batch')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=64)),
                ('kind', fields.CharEnumField(default=AccountKind.PERSON, enum_type=AccountKind, max_length=16)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('active', fields.BooleanField(default=True)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'core_account', 'app': 'core', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Appointment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('post', fields.CharField(max_length=64)),
                ('is_concurrent', fields.BooleanField(default=False)),
                ('source', fields.CharField(default='', max_length=64)),
                ('basis', fields.CharEnumField(null=True, enum_type=AppointmentBasis, max_length=16)),
                ('seconded_from', fields.ForeignKeyField('core.Organization', source_field='seconded_from_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('home_organization', fields.ForeignKeyField('core.Organization', source_field='home_organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('starts_on', fields.DateField(null=True)),
                ('ends_on', fields.DateField(null=True)),
                ('synthetic', fields.BooleanField(default=False)),
                ('batch_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'core_appointment', 'app': 'core', 'indexes': [Index(fields=['org_path', 'id'], name='core_appointment_path'), Index(fields=['post', 'org_path', 'id'], name='core_appointment_post'), Index(fields=['organization_id', 'post', 'id'], name='core_appointment_org'), Index(fields=['person_id', 'id'], name='core_appointment_person')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Grant',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('role', fields.CharField(max_length=64)),
                ('edge', fields.CharEnumField(default=Edge.SUBORDINATION, enum_type=Edge, max_length=16)),
                ('organization', fields.ForeignKeyField('core.Organization', source_field='organization_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('area', fields.ForeignKeyField('core.Area', source_field='area_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('everything', fields.BooleanField(default=False)),
                ('with_descendants', fields.BooleanField(default=True)),
                ('valid_from', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('valid_to', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('granted_by', fields.CharField(default='', max_length=64)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'core_grant', 'app': 'core', 'indexes': [Index(fields=['account_id'], name='core_grant_account')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Member',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('core.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('branch', fields.ForeignKeyField('core.Organization', source_field='branch_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('org_path', PathField(max_length=255)),
                ('stage', fields.CharEnumField(enum_type=MembershipStage, max_length=24)),
                ('state', fields.CharEnumField(default=MembershipState.NORMAL, enum_type=MembershipState, max_length=16)),
                ('contact_state', fields.CharEnumField(default=ContactState.IN_CONTACT, enum_type=ContactState, max_length=16)),
                ('joined_on', fields.DateField(null=True)),
                ('full_member_on', fields.DateField(null=True)),
                ('affiliation_since', fields.DateField(null=True)),
                ('last_contact_on', fields.DateField(null=True)),
                ('last_attended_on', fields.DateField(null=True)),
                ('dues_paid_through', fields.DateField(null=True)),
                ('is_floating', fields.BooleanField(default=False)),
                ('synthetic', fields.BooleanField(default=False)),
                ('version', fields.IntField(default=1)),
                ('batch_id', fields.BigIntField(null=True)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('updated_at', InstantField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'core_member', 'app': 'core', 'unique_together': (('person_id', 'branch_id'),), 'indexes': [Index(fields=['org_path', 'id'], name='core_member_path'), Index(fields=['stage', 'org_path', 'id'], name='core_member_stage'), Index(fields=['state', 'org_path', 'id'], name='core_member_state'), Index(fields=['contact_state', 'org_path', 'id'], name='core_member_contact'), Index(fields=['branch_id', 'id'], name='core_member_branch'), Index(fields=['batch_id'], name='core_member_batch')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MemberEvent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('member', fields.ForeignKeyField('core.Member', source_field='member_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('org_path', PathField(max_length=255)),
                ('kind', fields.CharField(max_length=64)),
                ('occurred_on', fields.DateField()),
                ('recorded_at', InstantField(auto_now=False, auto_now_add=True)),
                ('before', fields.CharField(default='', max_length=64)),
                ('after', fields.CharField(default='', max_length=64)),
                ('decided_by', fields.CharField(default='', max_length=200)),
                ('document', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'core_member_event', 'app': 'core', 'indexes': [Index(fields=['member_id', 'occurred_on', 'id'], name='core_event_member')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Token',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('core.Account', source_field='account_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('label', fields.CharField(default='', max_length=100)),
                ('created_at', InstantField(auto_now=False, auto_now_add=True)),
                ('expires_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
                ('revoked_at', InstantField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_token', 'app': 'core', 'indexes': [Index(fields=['account_id'], name='core_token_account')], 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
