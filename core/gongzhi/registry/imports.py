"""What ``gongzhi import`` reads for the core: areas, organizations, Party members."""

from __future__ import annotations

from typing import Final

from gongzhi.contributions import Import
from gongzhi.imports.idnumber import IdNumber
from gongzhi.imports.parse import (
    BirthCell,
    Choice,
    DateCell,
    FromCodeList,
    Identifier,
    IdNumberCell,
    Mobile,
    Phone,
    Tags,
    Text,
    Whole,
    YesNo,
)
from gongzhi.imports.reader import Limits
from gongzhi.imports.spec import Column, ImportSpec
from gongzhi.privacy import mask_id_number, mask_mobile, mask_name
from gongzhi.registry import lists
from gongzhi.registry.codes import (
    ContactState,
    EmploymentState,
    Gender,
    MembershipStage,
    MembershipState,
    Qualifier,
)
from gongzhi.registry.import_members import MemberPlanner
from gongzhi.registry.import_trees import AreaPlanner, OrganizationPlanner
from gongzhi.registry.lists import ENUM_LABELS

_MEGABYTE: Final = 1_000_000

_SYNTHETIC = Column(
    "synthetic",
    "是否示例数据",
    YesNo(),
    help="不填按“否”；虚构的数据请填“是”",
    example="否",
)


def _hidden(value: object) -> str:  # noqa: ARG001  # nothing of it is shown
    return "***"


def _masked_id(value: IdNumber) -> str:
    return mask_id_number(value.number)


AREAS: Final = ImportSpec(
    name="areas",
    title_zh="地域",
    title_en="areas",
    columns=(
        Column(
            "code",
            "区划编码",
            Identifier(64),
            required=True,
            help="统计用区划代码，或在其后自行加长；不重复",
            example="310151114001",
            also=("编码", "区划代码"),
        ),
        Column(
            "name",
            "区划名称",
            Text(200),
            required=True,
            help="地域的全称",
            example="跃进居民委员会",
            also=("名称",),
        ),
        Column(
            "kind",
            "类型",
            FromCodeList(lists.AREA_KIND),
            help="街道、镇、居民区、小区、网格等；不填则由层级和名称推出",
            example="居民区",
            also=("类别",),
        ),
        Column(
            "level",
            "层级",
            FromCodeList(lists.AREA_LEVEL),
            help="省级、地级、县级、乡级、村级；填了类型可以不填",
            example="村级",
        ),
        Column(
            "parent_code",
            "上级编码",
            Identifier(64, repeats=True),
            help="上级地域的区划编码；最高一级不填",
            example="310151114",
            also=("上级区划编码", "上级区划代码"),
        ),
        Column("households", "户数", Whole(), help="整数", example="1200"),
        Column("population", "人口", Whole(most=2**53), help="整数", example="3100"),
        Column(
            "population_qualifier",
            "人口限定",
            Choice(Qualifier, ENUM_LABELS[Qualifier]),
            help="人口是约数时填写；不填按“整”",
            example="左右",
        ),
        _SYNTHETIC,
    ),
    match=("code",),
    planner=AreaPlanner(),
    code_lists=(lists.AREA_KIND, lists.AREA_LEVEL),
    limits=Limits(
        file_bytes=80 * _MEGABYTE,
        unpacked_bytes=400 * _MEGABYTE,
        rows=1_000_000,
        memory_bytes=2048 * _MEGABYTE,
        seconds=120,
    ),
)
"""The whole country, 665,000 areas in a file of 35 MB, is meant to come in at once."""


ORGANIZATIONS: Final = ImportSpec(
    name="organizations",
    title_zh="组织",
    title_en="organizations",
    columns=(
        Column(
            "code",
            "组织编码",
            Identifier(64),
            required=True,
            help="不重复；改名、升格后不变",
            example="310151114-YJ",
            also=("编码", "组织代码"),
        ),
        Column(
            "name",
            "组织名称",
            Text(200),
            required=True,
            help="批复上的全称",
            example="中共新海镇跃进居民区支部委员会",
            also=("名称", "组织全称"),
        ),
        Column("short_name", "组织简称", Text(100), help="显示用", example="跃进居民区党支部"),
        Column(
            "kind",
            "组织类型",
            FromCodeList(lists.ORGANIZATION_KIND),
            required=True,
            help="从下拉表选择",
            example="党支部",
            also=("类型", "组织类别"),
        ),
        Column(
            "level",
            "组织层级",
            FromCodeList(lists.ORGANIZATION_LEVEL),
            help="不填则按类型的默认层级",
            example="",
            also=("层级",),
        ),
        Column(
            "superior_code",
            "上级组织编码",
            Identifier(64, repeats=True),
            help="隶属的上级；最高一级不填",
            example="310151114",
            also=("上级编码", "上级党组织编码"),
        ),
        Column(
            "area_code",
            "属地编码",
            Identifier(64, repeats=True),
            help="所在地域的区划编码，须已导入",
            example="310151114001",
            also=("区划编码",),
        ),
        Column(
            "field",
            "党建领域",
            FromCodeList(lists.PARTY_BUILDING_FIELD),
            help="居民区党建、两新党建、区域化党建",
            example="居民区党建",
        ),
        Column(
            "is_temporary",
            "是否临时",
            YesNo(),
            help="临时党组织填“是”，并填写复核日期",
            example="否",
        ),
        Column("purpose", "设立事由", Text(500), help="临时党组织填写", example=""),
        Column(
            "review_on",
            "复核日期",
            DateCell(future=True, month_end=True),
            help="临时党组织届满或复核的日期",
            example="2026-12-31",
        ),
        Column(
            "established_on",
            "成立日期",
            DateCell(),
            help="年月日，或只到月",
            example="2008.06",
            also=("成立时间",),
        ),
        Column(
            "approved_by", "批准单位", Text(200, repeats=True), help="批准成立的党组织", example=""
        ),
        Column(
            "phone",
            "联系电话",
            Phone(),
            help="固定电话带区号",
            example="021-59640000",
            also=("电话",),
            mask=mask_mobile,
        ),
        _SYNTHETIC,
    ),
    match=("code",),
    planner=OrganizationPlanner(),
    code_lists=(lists.ORGANIZATION_KIND, lists.ORGANIZATION_LEVEL, lists.PARTY_BUILDING_FIELD),
)


MEMBERS: Final = ImportSpec(
    name="members",
    title_zh="党员花名册",
    title_en="roster of Party members",
    columns=(
        Column(
            "branch_code",
            "党支部编码",
            Identifier(64, repeats=True),
            required=True,
            help="所在党组织的组织编码，须已导入",
            example="310151114-YJ",
            also=("所在党支部编码", "所在党组织编码", "组织编码", "支部编码"),
        ),
        Column(
            "name",
            "姓名",
            Text(60),
            required=True,
            help="与身份证一致",
            example="张三",
            mask=mask_name,
        ),
        Column(
            "id_number",
            "身份证号",
            IdNumberCell(),
            help="18 位，单元格设为文本；不填则须填出生日期",
            example="11010119900307001X",
            also=("公民身份号码", "身份证号码", "身份证", "证件号码"),
            mask=_masked_id,
        ),
        Column(
            "gender",
            "性别",
            Choice(
                Gender,
                ENUM_LABELS[Gender],
                also={
                    "男性": Gender.MALE,
                    "女性": Gender.FEMALE,
                    "M": Gender.MALE,
                    "F": Gender.FEMALE,
                },
            ),
            help="填了身份证号可以不填",
            example="男",
        ),
        Column(
            "birth_date",
            "出生日期",
            BirthCell(),
            help="填了身份证号可以不填；1985-06-01、1985.06、198506 都可以",
            example="1990-03-07",
            also=("出生年月", "出生年月日", "出生时间"),
            mask=_hidden,
        ),
        Column(
            "ethnic_group",
            "民族",
            FromCodeList(lists.ETHNIC_GROUP, ending="族"),
            help="从下拉表选择",
            example="汉族",
        ),
        Column(
            "education",
            "学历",
            FromCodeList(
                lists.EDUCATION,
                also={
                    "本科": "UNDERGRADUATE",
                    "大学": "UNDERGRADUATE",
                    "专科": "COLLEGE",
                    "大专": "COLLEGE",
                    "硕士": "POSTGRADUATE",
                    "硕士研究生": "POSTGRADUATE",
                    "博士": "POSTGRADUATE",
                    "博士研究生": "POSTGRADUATE",
                    "技校": "SECONDARY_VOCATIONAL",
                },
            ),
            help="从下拉表选择",
            example="大学本科",
            also=("文化程度",),
        ),
        Column(
            "mobile",
            "手机号",
            Mobile(),
            help="11 位，单元格设为文本",
            example="13800000000",
            also=("手机", "手机号码", "联系电话", "移动电话"),
            mask=mask_mobile,
        ),
        Column(
            "employment_state",
            "就业状态",
            Choice(
                EmploymentState,
                ENUM_LABELS[EmploymentState],
                also={"离退休": EmploymentState.RETIRED, "在岗": EmploymentState.IN_SERVICE},
            ),
            help="在职、退休、灵活就业、待业",
            example="在职",
        ),
        Column(
            "work_unit",
            "工作单位",
            Text(200, repeats=True),
            help="单位全称",
            example="",
            also=("单位", "单位及职务"),
        ),
        Column(
            "residence_area_code",
            "居住地编码",
            Identifier(64, repeats=True),
            help="居住地的区划编码，须已导入",
            example="310151114001",
        ),
        Column("skills", "特长", Tags(lists.SKILL), help="几项之间用、隔开", example="法律、急救"),
        Column("hobbies", "爱好", Tags(lists.HOBBY), help="几项之间用、隔开", example="书法"),
        Column(
            "stage",
            "人员类别",
            Choice(
                MembershipStage,
                ENUM_LABELS[MembershipStage],
                also={
                    "党员": MembershipStage.FULL_MEMBER,
                    "中共党员": MembershipStage.FULL_MEMBER,
                    "中共预备党员": MembershipStage.PROBATIONARY_MEMBER,
                },
            ),
            required=True,
            help="正式党员、预备党员、发展对象、入党积极分子、入党申请人",
            example="正式党员",
            also=("发展阶段", "党员类别"),
        ),
        Column(
            "state",
            "党籍状态",
            Choice(MembershipState, ENUM_LABELS[MembershipState]),
            help="不填按“正常”",
            example="正常",
        ),
        Column(
            "contact_state",
            "联系状态",
            Choice(ContactState, ENUM_LABELS[ContactState]),
            help="不填按“正常联系”",
            example="正常联系",
        ),
        Column(
            "joined_on",
            "入党日期",
            DateCell(),
            help="年月日，或只到月",
            example="2008.07",
            also=("入党时间", "加入中共组织日期"),
        ),
        Column(
            "full_member_on",
            "转正日期",
            DateCell(),
            help="年月日，或只到月",
            example="2009.07",
            also=("转正时间",),
        ),
        Column(
            "affiliation_since",
            "转入本支部日期",
            DateCell(),
            help="组织关系到本支部的日期",
            example="2015-03-01",
            also=("转入支部日期", "进入支部日期"),
        ),
        Column("last_contact_on", "最近联系日期", DateCell(), help="", example="2026-05-20"),
        Column("last_attended_on", "最近参加活动日期", DateCell(), help="", example="2026-06-30"),
        Column(
            "dues_paid_through",
            "党费交至",
            DateCell(month_end=True, future=True),
            help="交到哪一月",
            example="2026.06",
            also=("党费缴至", "党费交纳至"),
        ),
        Column(
            "is_floating",
            "是否流动党员",
            YesNo(),
            help="不填按“否”",
            example="否",
            also=("流动党员",),
        ),
        _SYNTHETIC,
    ),
    match=("id_number", "branch_code", "name", "birth_date"),
    planner=MemberPlanner(),
    code_lists=(
        lists.ORGANIZATION_KIND,
        lists.ETHNIC_GROUP,
        lists.EDUCATION,
        lists.SKILL,
        lists.HOBBY,
    ),
    limits=Limits(
        file_bytes=40 * _MEGABYTE,
        unpacked_bytes=300 * _MEGABYTE,
        rows=200_000,
        memory_bytes=1536 * _MEGABYTE,
        seconds=120,
    ),
)
"""All members of a large district in one file; the general limits are for strangers' files."""

IMPORTS: Final = (
    Import(AREAS.name, AREAS.title_zh, AREAS.title_en, AREAS),
    Import(ORGANIZATIONS.name, ORGANIZATIONS.title_zh, ORGANIZATIONS.title_en, ORGANIZATIONS),
    Import(MEMBERS.name, MEMBERS.title_zh, MEMBERS.title_en, MEMBERS),
)
"""For the core plugin's ``register_imports``."""
