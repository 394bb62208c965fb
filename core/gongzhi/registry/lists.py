"""Code lists of the core with their labels, the default parent/child matrix, and their install.

Lists are open: plugins add entries through the hook ``register_code_lists``, a deployment adds its
own rows. Labels follow the usual official English where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tortoise.transactions import in_transaction

from gongzhi.contributions import CodeEntry, CodeList
from gongzhi.registry.codes import (
    AppointmentBasis,
    ChangeKind,
    ContactState,
    EmploymentState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    Qualifier,
    SetupMode,
)
from gongzhi.registry.models import Code, KindRule
from gongzhi.registry.rules import AGE_BANDS, AGE_UNKNOWN, LostReason, VacantReason

ORGANIZATION_KIND = "organization_kind"
ORGANIZATION_LEVEL = "organization_level"
AREA_KIND = "area_kind"
AREA_LEVEL = "area_level"
POST = "post"
APPOINTMENT_SOURCE = "appointment_source"
PARTY_BUILDING_FIELD = "party_building_field"
ETHNIC_GROUP = "ethnic_group"
EDUCATION = "education"
SKILL = "skill"
HOBBY = "hobby"
MEMBER_EVENT_KIND = "member_event_kind"
AGE_BAND = "age_band"
REVEAL_PURPOSE = "reveal_purpose"


def _entries(*rows: tuple[str, ...]) -> tuple[CodeEntry, ...]:
    return tuple(CodeEntry(*row) for row in rows)


_KINDS = _entries(
    # code, 中文, English, family, level
    (
        "PROVINCIAL_PARTY_COMMITTEE",
        "省（市、区）委",
        "provincial Party committee",
        "PARTY",
        "PROVINCE",
    ),
    ("CITY_PARTY_COMMITTEE", "市委", "city Party committee", "PARTY", "CITY"),
    ("DISTRICT_PARTY_COMMITTEE", "区（县）委", "district Party committee", "PARTY", "DISTRICT"),
    (
        "SUBDISTRICT_WORKING_COMMITTEE",
        "街道党工委",
        "subdistrict Party working committee",
        "PARTY",
        "SUBDISTRICT",
    ),
    ("TOWN_PARTY_COMMITTEE", "镇（乡）党委", "town Party committee", "PARTY", "SUBDISTRICT"),
    ("GRID_PARTY_COMMITTEE", "网格党委", "grid Party committee", "PARTY", "GRID"),
    ("COMMUNITY_PARTY_COMMITTEE", "社区党委", "community Party committee", "PARTY", "COMMUNITY"),
    (
        "BUSINESS_DISTRICT_PARTY_COMMITTEE",
        "商圈党委",
        "business-district Party committee",
        "PARTY",
        "COMMUNITY",
    ),
    (
        "PARK_PARTY_COMMITTEE",
        "园区党委",
        "industrial-park Party committee",
        "PARTY",
        "COMMUNITY",
    ),
    ("UNIT_PARTY_COMMITTEE", "单位党委", "Party committee of a unit", "PARTY", "UNIT"),
    ("GENERAL_PARTY_BRANCH", "党总支", "general Party branch", "PARTY", "COMMUNITY"),
    ("PARTY_BRANCH", "党支部", "Party branch", "PARTY", "COMMUNITY"),
    ("GRID_PARTY_BRANCH", "网格党支部", "grid Party branch", "PARTY", "GRID"),
    (
        "TWO_NEW_PARTY_BRANCH",
        "“两新”组织党支部",
        "Party branch in a new economic or social organization",
        "PARTY",
        "UNIT",
    ),
    ("BUILDING_PARTY_GROUP", "楼道党小组", "building Party group", "PARTY", "BUILDING"),
    (
        "ORGANIZATION_DEPARTMENT",
        "党委组织部",
        "organization department of a Party committee",
        "PARTY_DEPARTMENT",
        "DISTRICT",
    ),
    (
        "SOCIETY_WORK_DEPARTMENT",
        "党委社会工作部",
        "society work department of a Party committee",
        "PARTY_DEPARTMENT",
        "DISTRICT",
    ),
    (
        "PARTY_DEPARTMENT",
        "党委工作部门",
        "department of a Party committee",
        "PARTY_DEPARTMENT",
        "DISTRICT",
    ),
    ("GOVERNMENT_DEPARTMENT", "政府部门", "government department", "GOVERNMENT", "DISTRICT"),
    ("SUBDISTRICT_OFFICE", "街道办事处", "subdistrict office", "GOVERNMENT", "SUBDISTRICT"),
    ("TOWN_GOVERNMENT", "镇（乡）人民政府", "town government", "GOVERNMENT", "SUBDISTRICT"),
    ("POLICE_STATION", "派出所、警务室", "police station or post", "GOVERNMENT", "COMMUNITY"),
    ("RESIDENTS_COMMITTEE", "居民委员会", "residents' committee", "AUTONOMY", "COMMUNITY"),
    ("VILLAGERS_COMMITTEE", "村民委员会", "villagers' committee", "AUTONOMY", "COMMUNITY"),
    ("OWNERS_COMMITTEE", "业主委员会", "owners' committee", "AUTONOMY", "ESTATE"),
    ("PROPERTY_COMPANY", "物业公司", "property management company", "PROPERTY", "UNIT"),
    ("RESIDENT_UNIT", "驻区单位", "unit located in the area", "UNIT", "UNIT"),
    ("ACTUAL_UNIT", "实有单位", "actual unit", "UNIT", "UNIT"),
    ("TRADE_UNION", "工会组织", "trade union", "MASS_ORGANIZATION", "UNIT"),
    ("YOUTH_LEAGUE", "团组织", "Youth League organization", "MASS_ORGANIZATION", "UNIT"),
    ("WOMENS_FEDERATION", "妇联", "women's federation", "MASS_ORGANIZATION", "UNIT"),
    ("SOCIAL_ORGANIZATION", "社会组织", "social organization", "SOCIAL_ORGANIZATION", "UNIT"),
    (
        "COMMUNITY_SOCIAL_ORG",
        "社区社会组织",
        "community social organization",
        "SOCIAL_ORGANIZATION",
        "COMMUNITY",
    ),
    (
        "PARTY_MASSES_SERVICE_CENTRE",
        "党群服务中心",
        "Party-masses service centre",
        "SITE",
        "SUBDISTRICT",
    ),
)

_ETHNIC_GROUPS = (
    "HAN 汉族 Han|MONGOL 蒙古族 Mongol|HUI 回族 Hui|ZANG 藏族 Tibetan|UYGUR 维吾尔族 Uygur|"
    "MIAO 苗族 Miao|YI 彝族 Yi|ZHUANG 壮族 Zhuang|BUYEI 布依族 Buyei|CHOSEN 朝鲜族 Korean|"
    "MAN 满族 Manchu|DONG 侗族 Dong|YAO 瑶族 Yao|BAI 白族 Bai|TUJIA 土家族 Tujia|"
    "HANI 哈尼族 Hani|KAZAK 哈萨克族 Kazak|DAI 傣族 Dai|LI 黎族 Li|LISU 傈僳族 Lisu|VA 佤族 Va|"
    "SHE 畲族 She|GAOSHAN 高山族 Gaoshan|LAHU 拉祜族 Lahu|SUI 水族 Sui|"
    "DONGXIANG 东乡族 Dongxiang|NAXI 纳西族 Naxi|JINGPO 景颇族 Jingpo|KIRGIZ 柯尔克孜族 Kirgiz|"
    "TU 土族 Tu|DAUR 达斡尔族 Daur|MULAO 仫佬族 Mulao|QIANG 羌族 Qiang|BLANG 布朗族 Blang|"
    "SALAR 撒拉族 Salar|MAONAN 毛南族 Maonan|GELAO 仡佬族 Gelao|XIBE 锡伯族 Xibe|"
    "ACHANG 阿昌族 Achang|PUMI 普米族 Pumi|TAJIK 塔吉克族 Tajik|NU 怒族 Nu|"
    "UZBEK 乌孜别克族 Uzbek|RUSS 俄罗斯族 Russian|EWENKI 鄂温克族 Ewenki|DEANG 德昂族 Deang|"
    "BONAN 保安族 Bonan|YUGUR 裕固族 Yugur|GIN 京族 Gin|TATAR 塔塔尔族 Tatar|"
    "DERUNG 独龙族 Derung|OROQEN 鄂伦春族 Oroqen|HEZHEN 赫哲族 Hezhen|MONBA 门巴族 Monba|"
    "LHOBA 珞巴族 Lhoba|JINO 基诺族 Jino"
)
"""The 56 of GB/T 3304, in its order; the codes are its romanized names."""

CODE_LISTS: tuple[CodeList, ...] = (
    CodeList(ORGANIZATION_KIND, "组织类型", "kinds of organizations", _KINDS),
    CodeList(
        ORGANIZATION_LEVEL,
        "组织层级",
        "levels of organizations",
        _entries(
            ("PROVINCE", "省级", "province"),
            ("CITY", "市级", "city"),
            ("DISTRICT", "区县级", "district or county"),
            ("SUBDISTRICT", "街镇级", "subdistrict or town"),
            ("COMMUNITY", "社区（居民区、村）级", "community, residential area or village"),
            ("GRID", "网格级", "grid"),
            ("ESTATE", "小区级", "housing estate"),
            ("BUILDING", "楼栋（楼道）级", "building"),
            ("UNIT", "单位级", "unit"),
        ),
    ),
    CodeList(
        AREA_KIND,
        "地域类型",
        "kinds of areas",
        _entries(
            ("PROVINCE", "省（自治区、直辖市）", "province", "ADMINISTRATIVE", "PROVINCE"),
            ("CITY", "地级市", "city", "ADMINISTRATIVE", "CITY"),
            ("DISTRICT", "区（县）", "district or county", "ADMINISTRATIVE", "COUNTY"),
            ("SUBDISTRICT", "街道", "subdistrict", "ADMINISTRATIVE", "TOWN"),
            ("TOWN", "镇", "town", "ADMINISTRATIVE", "TOWN"),
            ("TOWNSHIP", "乡", "township", "ADMINISTRATIVE", "TOWN"),
            ("COMMUNITY", "社区", "community", "NEIGHBOURHOOD", "VILLAGE"),
            ("RESIDENTIAL_AREA", "居民区", "residential area", "NEIGHBOURHOOD", "VILLAGE"),
            ("VILLAGE", "村", "village", "NEIGHBOURHOOD", "VILLAGE"),
            ("ESTATE", "小区", "housing estate", "PLACE", "LOCAL"),
            ("BUILDING", "楼栋（楼道）", "building", "PLACE", "LOCAL"),
            ("OFFICE_BUILDING", "商务楼宇", "office building", "PLACE", "LOCAL"),
            ("BUSINESS_DISTRICT", "商圈", "business district", "PLACE", "LOCAL"),
            ("PARK", "园区", "industrial park", "PLACE", "LOCAL"),
            ("GRID", "网格", "grid", "ZONE", "LOCAL"),
            ("ZONE", "片区", "zone", "ZONE", "LOCAL"),
            ("RESPONSIBILITY_ZONE", "责任区", "responsibility zone", "ZONE", "LOCAL"),
            ("COLLABORATION_BLOCK", "协作块", "collaboration block", "ZONE", "LOCAL"),
        ),
    ),
    CodeList(
        AREA_LEVEL,
        "地域层级",
        "levels of areas",
        _entries(
            ("PROVINCE", "省级", "province"),
            ("CITY", "地级", "prefecture"),
            ("COUNTY", "县级", "county"),
            ("TOWN", "乡级", "town"),
            ("VILLAGE", "村级", "village"),
            ("LOCAL", "村级以下", "below the village"),
        ),
    ),
    CodeList(
        POST,
        "职务与岗位",
        "posts",
        _entries(
            ("SECRETARY", "书记", "secretary", "COMMITTEE"),
            ("DEPUTY_SECRETARY", "副书记", "deputy secretary", "COMMITTEE"),
            ("ORGANIZATION_COMMISSIONER", "组织委员", "organization commissioner", "COMMITTEE"),
            ("PUBLICITY_COMMISSIONER", "宣传委员", "publicity commissioner", "COMMITTEE"),
            ("DISCIPLINE_COMMISSIONER", "纪检委员", "discipline commissioner", "COMMITTEE"),
            ("BRANCH_COMMITTEE_MEMBER", "支委委员", "branch committee member", "COMMITTEE"),
            (
                "PART_TIME_COMMITTEE_MEMBER",
                "兼职委员",
                "part-time committee member",
                "COMMITTEE",
            ),
            ("PARTY_GROUP_LEADER", "党小组长", "Party group leader", "PARTY_WORK"),
            ("PARTY_AFFAIRS_WORKER", "党务工作者", "Party affairs worker", "PARTY_WORK"),
            ("PARTY_MASSES_WORKER", "党群工作者", "Party-masses worker", "PARTY_WORK"),
            ("LIAISON_OFFICER", "党建联络员", "Party-building liaison officer", "PARTY_WORK"),
            ("AREA_LEAD", "包片领导", "official in charge of an area", "PARTY_WORK"),
            ("DIRECTOR", "主任", "director", "HEAD"),
            ("DEPUTY_DIRECTOR", "副主任", "deputy director", "DEPUTY"),
            ("HEAD", "负责人", "head of a unit", "HEAD"),
            ("COMMITTEE_MEMBER", "委员", "committee member", "MEMBER"),
            ("BUILDING_LEADER", "楼组长", "building leader", "RESIDENT"),
            (
                "STATION_EXECUTIVE_DEPUTY_HEAD",
                "常务副站长",
                "executive deputy head of a station",
                "STATION",
            ),
            ("STATION_DEPUTY_HEAD", "副站长", "deputy head of a station", "STATION"),
            ("COMMUNITY_POLICE_OFFICER", "社区民警", "community police officer", "POLICE"),
            ("GRID_WORKER", "网格员", "grid worker", "GRASSROOTS"),
            ("INFORMATION_OFFICER", "信息员", "information officer", "GRASSROOTS"),
            ("MEDIATOR", "调解员", "mediator", "GRASSROOTS"),
            ("SECURITY_PATROLLER", "治安联防员", "security patroller", "GRASSROOTS"),
            ("COUNSELLOR", "心理咨询员", "counsellor", "GRASSROOTS"),
            ("LEGAL_ADVISER", "法律顾问员", "legal adviser", "GRASSROOTS"),
            ("POLICE_ASSISTANT", "警务助理员", "police assistant", "GRASSROOTS"),
        ),
    ),
    CodeList(
        APPOINTMENT_SOURCE,
        "任职来源",
        "where an appointee came from",
        _entries(
            ("SECONDED_AGENCY", "机关选派", "seconded from an agency", "SECONDED"),
            (
                "SECONDED_INSTITUTION",
                "事业单位选派",
                "seconded from a public institution",
                "SECONDED",
            ),
            ("RETIRED_OFFICIAL", "机关退休干部", "retired official", "RECRUITED"),
            ("COMMUNITY_SECRETARY", "社区书记", "community secretary", "RECRUITED"),
            ("LOCAL", "本地产生", "from the place itself"),
        ),
    ),
    CodeList(
        PARTY_BUILDING_FIELD,
        "党建领域",
        "fields of Party-building",
        _entries(
            ("RESIDENTIAL", "居民区党建", "residential areas"),
            ("TWO_NEW", "两新党建", "new economic and social organizations"),
            ("REGIONAL", "区域化党建", "regional"),
        ),
    ),
    CodeList(
        ETHNIC_GROUP,
        "民族",
        "ethnic groups",
        _entries(*(tuple(row.split(" ")) for row in _ETHNIC_GROUPS.split("|"))),
    ),
    CodeList(
        EDUCATION,
        "学历",
        "education",
        _entries(
            ("POSTGRADUATE", "研究生", "postgraduate"),
            ("UNDERGRADUATE", "大学本科", "university"),
            ("COLLEGE", "大学专科", "college"),
            ("SECONDARY_VOCATIONAL", "中专（中技）", "secondary vocational school"),
            ("SENIOR_HIGH", "高中", "senior high school"),
            ("JUNIOR_HIGH", "初中", "junior high school"),
            ("PRIMARY", "小学", "primary school"),
            ("NO_SCHOOLING", "未上过学", "no schooling"),
        ),
    ),
    CodeList(
        SKILL,
        "特长",
        "skills",
        _entries(
            ("MEDICAL_CARE", "医疗护理", "medical care and nursing"),
            ("LAW", "法律", "law"),
            ("TUTORING", "教育辅导", "teaching and tutoring"),
            ("MEDIATION", "矛盾调解", "mediation"),
            ("COUNSELLING", "心理咨询", "counselling"),
            ("REPAIR", "家电水电维修", "repair of appliances, water and electricity"),
            ("HAIRDRESSING", "理发", "hairdressing"),
            ("COOKING", "烹饪", "cooking"),
            ("GARDENING", "园艺", "gardening"),
            ("PERFORMING_ARTS", "文艺表演", "performing arts"),
            ("CALLIGRAPHY_PAINTING", "书法绘画", "calligraphy and painting"),
            ("SPORTS_COACHING", "体育指导", "sports coaching"),
            ("COMPUTING", "计算机", "computing"),
            ("FOREIGN_LANGUAGES", "外语", "foreign languages"),
            ("FIRST_AID", "急救", "first aid"),
            ("FIRE_SAFETY", "消防安全", "fire safety"),
        ),
    ),
    CodeList(
        HOBBY,
        "爱好",
        "hobbies",
        _entries(
            ("SINGING", "唱歌", "singing"),
            ("DANCING", "舞蹈", "dancing"),
            ("MUSIC", "乐器", "music"),
            ("OPERA", "戏曲", "opera"),
            ("READING", "阅读", "reading"),
            ("CALLIGRAPHY", "书法", "calligraphy"),
            ("PAINTING", "绘画", "painting"),
            ("PHOTOGRAPHY", "摄影", "photography"),
            ("CHESS", "棋牌", "chess and cards"),
            ("BALL_GAMES", "球类", "ball games"),
            ("RUNNING", "跑步", "running"),
            ("TAI_CHI", "太极拳", "tai chi"),
            ("FISHING", "钓鱼", "fishing"),
            ("PLANTS", "养花", "growing flowers"),
            ("HANDICRAFT", "手工", "handicraft"),
            ("TRAVEL", "旅行", "travel"),
        ),
    ),
    CodeList(
        REVEAL_PURPOSE,  # which purposes there are is the deployment's to say
        "查看个人信息明文的用途",
        "purposes of showing personal values in full",
        _entries(
            ("CONTACT", "联系本人", "to get in touch with the person"),
            ("IDENTITY_CHECK", "核对身份", "to check who the person is"),
            ("MEMBERSHIP", "办理党籍事项", "for a matter of the membership"),
            ("CASE_HANDLING", "办理诉求或问题", "for a case that the person is part of"),
            ("DATA_CORRECTION", "更正登记信息", "to correct the record"),
            ("OWN_REQUEST", "本人申请", "the person asked for it"),
            ("EMERGENCY", "突发应急", "in an emergency"),
        ),
    ),
    CodeList(
        MEMBER_EVENT_KIND,
        "党籍变更类型",
        "kinds of membership events",
        _entries(
            ("REGISTERED", "登记", "registered"),
            ("STAGE_CHANGED", "发展阶段变更", "went on to the next stage"),
            ("TRANSFERRED", "组织关系转接", "affiliation transferred"),
            ("BRANCH_MERGED", "随组织合并转入", "came with a merged organization"),
            ("SUSPENDED", "停止党籍", "membership suspended"),
            ("REINSTATED", "恢复党籍", "membership reinstated"),
            ("REMOVED", "除名", "removed"),
            ("EXPELLED", "开除党籍", "expelled"),
            ("DECEASED", "去世", "deceased"),
            ("CONTACT_CHANGED", "联系状态变更", "contact state changed"),
        ),
    ),
    CodeList(
        AGE_BAND,
        "年龄段",
        "age bands",
        (
            *(CodeEntry(band.code, band.label_zh, band.label_en) for band in AGE_BANDS),
            CodeEntry(AGE_UNKNOWN, "年龄不详", "age unknown"),
        ),
    ),
)
"""The code lists of the core."""

FIXED_LISTS = frozenset({MEMBER_EVENT_KIND, AGE_BAND})
"""Lists whose codes the software itself writes: labels may be changed, entries not."""


_REGION = ("PROVINCIAL_PARTY_COMMITTEE", "CITY_PARTY_COMMITTEE", "DISTRICT_PARTY_COMMITTEE")
_STREET = ("SUBDISTRICT_WORKING_COMMITTEE", "TOWN_PARTY_COMMITTEE")
_OFFICE = ("SUBDISTRICT_OFFICE", "TOWN_GOVERNMENT")
_ECONOMY = ("BUSINESS_DISTRICT_PARTY_COMMITTEE", "PARK_PARTY_COMMITTEE")
_COMMUNITY = ("COMMUNITY_PARTY_COMMITTEE", "GENERAL_PARTY_BRANCH", "PARTY_BRANCH")
_BRANCH = ("PARTY_BRANCH", "GRID_PARTY_BRANCH", "TWO_NEW_PARTY_BRANCH")
_NEIGHBOURHOOD = ("RESIDENTS_COMMITTEE", "VILLAGERS_COMMITTEE")
_UNIT = ("RESIDENT_UNIT", "ACTUAL_UNIT", "PROPERTY_COMPANY", "SOCIAL_ORGANIZATION")
_ROOT = ""

_PARENTS: dict[str, tuple[str, ...]] = {
    "PROVINCIAL_PARTY_COMMITTEE": (_ROOT,),
    "CITY_PARTY_COMMITTEE": (_ROOT, "PROVINCIAL_PARTY_COMMITTEE"),
    "DISTRICT_PARTY_COMMITTEE": (_ROOT, "PROVINCIAL_PARTY_COMMITTEE", "CITY_PARTY_COMMITTEE"),
    "SUBDISTRICT_WORKING_COMMITTEE": (_ROOT, "CITY_PARTY_COMMITTEE", "DISTRICT_PARTY_COMMITTEE"),
    "TOWN_PARTY_COMMITTEE": (_ROOT, "CITY_PARTY_COMMITTEE", "DISTRICT_PARTY_COMMITTEE"),
    # A grid stands above the community (three or four residential areas) …
    "GRID_PARTY_COMMITTEE": _STREET,
    # … or below it.
    "GRID_PARTY_BRANCH": (*_STREET, "COMMUNITY_PARTY_COMMITTEE", "GENERAL_PARTY_BRANCH"),
    "COMMUNITY_PARTY_COMMITTEE": (_ROOT, *_STREET, "GRID_PARTY_COMMITTEE"),
    "BUSINESS_DISTRICT_PARTY_COMMITTEE": ("DISTRICT_PARTY_COMMITTEE", *_STREET),
    "PARK_PARTY_COMMITTEE": ("DISTRICT_PARTY_COMMITTEE", *_STREET),
    "UNIT_PARTY_COMMITTEE": (_ROOT, *_REGION, *_STREET, "UNIT_PARTY_COMMITTEE"),
    "GENERAL_PARTY_BRANCH": (
        _ROOT,
        *_STREET,
        *_ECONOMY,
        "GRID_PARTY_COMMITTEE",
        "COMMUNITY_PARTY_COMMITTEE",
        "UNIT_PARTY_COMMITTEE",
    ),
    "PARTY_BRANCH": (
        _ROOT,
        *_REGION,
        *_STREET,
        *_ECONOMY,
        "GRID_PARTY_COMMITTEE",
        "COMMUNITY_PARTY_COMMITTEE",
        "GENERAL_PARTY_BRANCH",
        "UNIT_PARTY_COMMITTEE",
    ),
    "TWO_NEW_PARTY_BRANCH": (
        "DISTRICT_PARTY_COMMITTEE",
        *_STREET,
        *_ECONOMY,
        "GRID_PARTY_COMMITTEE",
        "COMMUNITY_PARTY_COMMITTEE",
        "GENERAL_PARTY_BRANCH",
    ),
    "BUILDING_PARTY_GROUP": _BRANCH,
    "ORGANIZATION_DEPARTMENT": _REGION,
    "SOCIETY_WORK_DEPARTMENT": _REGION,
    "PARTY_DEPARTMENT": _REGION,
    "GOVERNMENT_DEPARTMENT": (_ROOT, *_REGION, "GOVERNMENT_DEPARTMENT"),
    "SUBDISTRICT_OFFICE": (_ROOT, "DISTRICT_PARTY_COMMITTEE", "SUBDISTRICT_WORKING_COMMITTEE"),
    "TOWN_GOVERNMENT": (_ROOT, "DISTRICT_PARTY_COMMITTEE", "TOWN_PARTY_COMMITTEE"),
    "POLICE_STATION": (_ROOT, "GOVERNMENT_DEPARTMENT", *_STREET, *_OFFICE, *_COMMUNITY),
    "RESIDENTS_COMMITTEE": (_ROOT, *_STREET, *_OFFICE, "GRID_PARTY_COMMITTEE", *_COMMUNITY),
    "VILLAGERS_COMMITTEE": (_ROOT, *_STREET, *_OFFICE, "GRID_PARTY_COMMITTEE", *_COMMUNITY),
    "OWNERS_COMMITTEE": (_ROOT, *_STREET, *_OFFICE, *_COMMUNITY, *_NEIGHBOURHOOD),
    "PROPERTY_COMPANY": (_ROOT, *_STREET, *_OFFICE, *_COMMUNITY, *_NEIGHBOURHOOD),
    **dict.fromkeys(
        ("RESIDENT_UNIT", "ACTUAL_UNIT"),
        (
            _ROOT,
            "DISTRICT_PARTY_COMMITTEE",
            *_STREET,
            *_OFFICE,
            *_ECONOMY,
            *_COMMUNITY,
            *_NEIGHBOURHOOD,
            "GOVERNMENT_DEPARTMENT",
        ),
    ),
    "TRADE_UNION": (
        _ROOT,
        *_REGION,
        *_STREET,
        *_ECONOMY,
        *_COMMUNITY,
        "UNIT_PARTY_COMMITTEE",
        "TWO_NEW_PARTY_BRANCH",
        *_UNIT,
        "TRADE_UNION",
    ),
    "YOUTH_LEAGUE": (
        _ROOT,
        *_REGION,
        *_STREET,
        *_ECONOMY,
        *_COMMUNITY,
        "UNIT_PARTY_COMMITTEE",
        "TWO_NEW_PARTY_BRANCH",
        *_UNIT,
        "YOUTH_LEAGUE",
    ),
    "WOMENS_FEDERATION": (
        _ROOT,
        *_REGION,
        *_STREET,
        *_ECONOMY,
        *_COMMUNITY,
        *_NEIGHBOURHOOD,
        *_UNIT,
        "WOMENS_FEDERATION",
    ),
    "SOCIAL_ORGANIZATION": (
        _ROOT,
        "DISTRICT_PARTY_COMMITTEE",
        *_STREET,
        *_OFFICE,
        *_ECONOMY,
        *_COMMUNITY,
        *_NEIGHBOURHOOD,
    ),
    "COMMUNITY_SOCIAL_ORG": (*_STREET, *_OFFICE, *_COMMUNITY, *_NEIGHBOURHOOD),
    "PARTY_MASSES_SERVICE_CENTRE": (
        "DISTRICT_PARTY_COMMITTEE",
        *_STREET,
        *_ECONOMY,
        "GRID_PARTY_COMMITTEE",
        *_COMMUNITY,
    ),
}

KIND_MATRIX: frozenset[tuple[str, str]] = frozenset(
    (parent, child) for child, parents in _PARENTS.items() for parent in parents
)
"""The default pairs (parent kind, child kind) of a new deployment; ``""`` as parent: may be a root.

It fits the trees of the seed documents: four tiers 街道党工委—社区党总支—网格党支部—楼道党小组,
three 区委—街道党工委—社区党组织, town committees over residential-area branches, grids above and
below the community, business districts and parks over branches of two-new organizations.
"""


Labels = Mapping[StrEnum, tuple[str, str]]

ENUM_LABELS: dict[type[StrEnum], Labels] = {
    OrganizationStatus: {
        OrganizationStatus.ACTIVE: ("正常", "active"),
        OrganizationStatus.MERGED: ("已合并", "merged"),
        OrganizationStatus.DISSOLVED: ("已撤销", "dissolved"),
    },
    SetupMode: {
        SetupMode.SINGLE: ("单独组建", "set up by one unit"),
        SetupMode.JOINT: ("联合组建", "set up jointly by several units"),
    },
    ChangeKind: {
        ChangeKind.ESTABLISHED: ("成立", "established"),
        ChangeKind.UPGRADED: ("升格", "upgraded"),
        ChangeKind.MERGED: ("合并", "merged"),
        ChangeKind.RENAMED: ("更名", "renamed"),
        ChangeKind.MOVED: ("隶属关系变更", "moved under another superior"),
        ChangeKind.DISSOLVED: ("撤销", "dissolved"),
    },
    Gender: {
        Gender.FEMALE: ("女", "female"),
        Gender.MALE: ("男", "male"),
        Gender.UNKNOWN: ("未知", "unknown"),
    },
    EmploymentState: {
        EmploymentState.IN_SERVICE: ("在职", "in service"),
        EmploymentState.RETIRED: ("退休", "retired"),
        EmploymentState.FLEXIBLE: ("灵活就业", "flexibly employed"),
        EmploymentState.UNEMPLOYED: ("待业", "unemployed"),
        EmploymentState.UNKNOWN: ("未知", "unknown"),
    },
    MembershipStage: {
        MembershipStage.APPLICANT: ("入党申请人", "applicant"),
        MembershipStage.ACTIVIST: ("入党积极分子", "activist"),
        MembershipStage.CANDIDATE: ("发展对象", "candidate"),
        MembershipStage.PROBATIONARY_MEMBER: ("预备党员", "probationary member"),
        MembershipStage.FULL_MEMBER: ("正式党员", "full member"),
    },
    MembershipState: {
        MembershipState.NORMAL: ("正常", "normal"),
        MembershipState.SUSPENDED: ("停止党籍", "suspended"),
        MembershipState.REINSTATED: ("恢复党籍", "reinstated"),
        MembershipState.REMOVED: ("除名", "removed"),
        MembershipState.EXPELLED: ("开除党籍", "expelled"),
        MembershipState.DECEASED: ("死亡", "deceased"),
    },
    ContactState: {
        ContactState.IN_CONTACT: ("正常联系", "in contact"),
        ContactState.SUSPECTED_LOST: ("疑似失联", "suspected lost"),
        ContactState.SEARCHING: ("查找中", "being searched for"),
        ContactState.LOST: ("失联", "lost"),
    },
    AppointmentBasis: {
        AppointmentBasis.CO_OPTED: ("吸收", "co-opted"),
        AppointmentBasis.RECRUITED: ("选聘", "recruited"),
        AppointmentBasis.APPOINTED: ("委任", "appointed"),
        AppointmentBasis.ELECTED: ("选举", "elected"),
    },
    Qualifier: {
        Qualifier.EXACT: ("整", "exactly"),
        Qualifier.ABOUT: ("左右", "about"),
        Qualifier.OVER: ("余", "over"),
        Qualifier.NEARLY: ("近", "nearly"),
        Qualifier.AT_LEAST: ("以上", "at least"),
    },
    LostReason: {
        LostReason.NO_CONTACT_RECORDED: ("没有联系记录", "no contact is recorded"),
        LostReason.LAST_CONTACT_TOO_OLD: ("长期没有联系", "the last contact is too long ago"),
    },
    VacantReason: {
        VacantReason.DUES_NOT_RECORDED: ("没有党费记录", "no dues are recorded"),
        VacantReason.DUES_IN_ARREARS: ("长期未交党费", "dues have long not been paid"),
        VacantReason.ATTENDANCE_NOT_RECORDED: ("没有参加活动记录", "no attendance is recorded"),
        VacantReason.NOT_ATTENDING: ("长期未参加活动", "has long not attended"),
        VacantReason.LIVES_OUTSIDE: ("居住在属地以外", "lives outside the branch's territory"),
        VacantReason.RESIDENCE_UNKNOWN: ("居住地不详", "the residence is unknown"),
        VacantReason.TERRITORY_UNKNOWN: ("支部属地不详", "the branch's territory is unknown"),
    },
}
"""Closed enums → value → (Chinese, English)."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What :func:`install` changed."""

    codes: int
    """Entries that are new in this database."""
    retired: int
    """Entries that their plugin no longer declares and that are now inactive."""
    rules: int
    """Pairs of the matrix that were added."""


async def install(
    lists: Iterable[tuple[str, CodeList]], matrix: Iterable[tuple[str, str]] = KIND_MATRIX
) -> Installed:
    """Bring the declared code lists and the default matrix into the open database.

    A row that is there belongs to the deployment: its labels, order and ``active`` are left as
    they are. What one of the given plugins no longer declares becomes inactive, for rows may
    still name it; entries of plugins that are not given, and the deployment's own, stay. A pair
    of the matrix comes in only together with one of its kinds: what a deployment took out of
    the matrix does not come back.

    :param lists: (plugin name, list) of every enabled plugin, the core's first.
    """
    declared: dict[tuple[str, str], Code] = {}
    plugins: set[str] = set()
    for plugin, code_list in lists:
        plugins.add(plugin)
        for entry in code_list.entries:
            declared[code_list.name, entry.code] = Code(
                list=code_list.name,
                code=entry.code,
                label_zh=entry.label_zh,
                label_en=entry.label_en,
                family=entry.family,
                level=entry.level,
                sort=len(declared),
                plugin=plugin,
            )
    async with in_transaction() as connection:
        present = {(row.list, row.code): row for row in await Code.all().using_db(connection)}
        fresh = [code for key, code in declared.items() if key not in present]
        await Code.bulk_create(fresh, batch_size=500, using_db=connection)
        gone = [
            row.id
            for key, row in present.items()
            if row.active and row.plugin in plugins and key not in declared
        ]
        if gone:
            await Code.filter(id__in=gone).using_db(connection).update(active=False)
        new_kinds = {code.code for code in fresh if code.list == ORGANIZATION_KIND}
        known = {
            (rule.parent_kind, rule.child_kind)
            for rule in await KindRule.all().using_db(connection)
        }
        pairs = sorted(pair for pair in set(matrix) - known if new_kinds.intersection(pair))
        await KindRule.bulk_create(
            [KindRule(parent_kind=parent, child_kind=child) for parent, child in pairs],
            batch_size=500,
            using_db=connection,
        )
    return Installed(len(fresh), len(gone), len(pairs))
