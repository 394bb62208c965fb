"""A seeded registry for proofs: one district, four streets, every state; the same rows each time.

All people are synthetic. So that a leak shows, whatever belongs to one street carries that
street's marker in every text (〔东〕 …) and its day of the month in every date. What belongs to no
street carries none; people who are seen from two streets at once carry 〔跨〕.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any

from tortoise.models import Model

from gongzhi.access.models import Reveal
from gongzhi.privacy import Privacy
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
from gongzhi.registry.models import (
    Appointment,
    Area,
    Coverage,
    ExternalId,
    Indicator,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)
from tests.support.probe.models import Mark, Mood, Remark, Thing

SECRET = "c3ludGhldGljIHRlc3Qgc2VjcmV0IG9mIDM2IGJ5dGVzIQ=="
PRIVACY = Privacy(SECRET)
NOW = dt.datetime(2026, 3, 5, 4, 0, tzinfo=dt.UTC)
"""The instant at which tests ask; in Shanghai it is noon."""
TODAY = dt.date(2026, 3, 5)

STREETS = ("东", "西", "南", "北")
MARKERS = {s: f"〔{s}〕" for s in STREETS}
DAYS = {"东": 5, "西": 11, "南": 17, "北": 23, "": 2, "跨": 28}
"""Day of the month in every date of a street's rows."""

COMMUNITIES = 3
"""Per street."""


class Record(SimpleNamespace):
    """A row before there is a database: models can be made only once one is open."""

    model: type[Model]

    def made(self) -> Model:
        """Return the row as the ORM takes it."""
        columns = vars(self).copy()
        return columns.pop("model")(**columns)


def record(model: type[Model], **columns: Any) -> Record:
    """Make a row."""
    return Record(model=model, **columns)


@dataclass
class Rows:
    """All rows, in an order in which they can be inserted."""

    tables: dict[type[Model], list[Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Label → global id, e.g. ``street:东``, ``branch:东1a``, ``member:东1a0``."""
    paths: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Label of an organization → its path and its area's path."""

    def add(self, row: Record, label: str = "") -> Any:
        """Keep a row; its id is the next of its table."""
        rows = self.tables.setdefault(row.model, [])
        row.id = len(rows) + 1
        rows.append(row)
        if label:
            assert label not in self.names, label
            self.names[label] = f"{row.model.__name__}:{row.id}"
        return row

    def of(self, model: type[Model]) -> list[Any]:
        """Return the rows of a table."""
        return self.tables[model]


class _Builder:
    def __init__(self, seed: int) -> None:
        self.rows = Rows()
        self.random = random.Random(seed)
        self.serial = count(1)
        self.by_label: dict[str, Any] = {}

    # ---- values of one street --------------------------------------------------------------------

    def text(self, street: str, text: str) -> str:
        return text + (f"〔{street}〕" if street else "")

    def day(self, street: str, first: int = 1995, last: int = 2025) -> dt.date:
        return dt.date(self.random.randint(first, last), self.random.randint(1, 12), DAYS[street])

    def day_or_none(
        self, street: str, first: int, last: int, chance: float = 0.3
    ) -> dt.date | None:
        return None if self.random.random() < chance else self.day(street, first, last)

    def instant(self, street: str) -> dt.datetime:
        day = self.day(street, 2020, 2025)
        millisecond = self.random.choice((0, 7, 120, 999))
        return dt.datetime(
            day.year,
            day.month,
            day.day,
            self.random.randint(0, 15),
            30,
            5,
            millisecond * 1000,
            dt.UTC,
        )

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    # ---- areas -----------------------------------------------------------------------------------

    def area(self, label: str, name: str, kind: str, parent: Any = None, **more: Any) -> Any:
        n = len(self.rows.tables.get(Area, ())) + 1
        made = self.rows.add(
            record(
                Area,
                code=f"31{n:04}",
                name=name,
                kind=kind,
                parent_id=parent.id if parent else None,
                path=f"{parent.path if parent else ''}{n}.",
                depth=parent.depth + 1 if parent else 0,
                synthetic=True,
                **more,
            ),
            f"area:{label}",
        )
        self.by_label[f"area:{label}"] = made
        return made

    def areas(self) -> None:
        city = self.area("city", "合成市", "CITY", population=24_870_895)
        district = self.area(
            "district",
            "合成区",
            "DISTRICT",
            city,
            population=690_000,
            population_qualifier=Qualifier.ABOUT,
        )
        for s in STREETS:
            street = self.area(
                s,
                f"{s}街道",
                "SUBDISTRICT",
                district,
                population=80_000 + len(s),
                population_qualifier=Qualifier.OVER,
            )
            for c in range(1, COMMUNITIES + 1):
                community = self.area(
                    f"{s}{c}", f"{s}{c}居民区", "RESIDENTIAL_AREA", street, households=900 + 37 * c
                )
                for k in "xyz":
                    kind = {"x": "ESTATE", "y": "GRID", "z": "OFFICE_BUILDING"}[k]
                    self.area(f"{s}{c}{k}", f"{s}{c}{k}片", kind, community, households=120)
        self.area("other", "另一市", "CITY")

    # ---- organizations ---------------------------------------------------------------------------

    def organization(
        self,
        label: str,
        street: str,
        kind: str,
        level: str,
        superior: Any,
        area: str | None,
        **more: Any,
    ) -> Any:
        n = len(self.rows.tables.get(Organization, ())) + 1
        where = self.by_label[f"area:{area}"] if area else None
        made = self.rows.add(
            record(
                Organization,
                code=self.text(street, f"G{n:03}"),
                name=self.text(street, f"{label}组织"),
                short_name=self.text(street, label),
                kind=kind,
                level=level,
                superior_id=superior.id if superior else None,
                path=f"{superior.path if superior else ''}{n}.",
                depth=superior.depth + 1 if superior else 0,
                area_id=where.id if where else None,
                area_path=where.path if where else "",
                purpose=self.text(street, "用途"),
                approved_by=self.text(street, "上级"),
                review_on=self.day_or_none(street, 2026, 2027, 0.7),
                field=self.pick("RESIDENTIAL", "TWO_NEW", "", "UNLISTED"),
                established_on=self.day_or_none(street, 1990, 2020),
                is_temporary=self.random.random() < 0.2,
                phone_masked=self.pick(None, self.text(street, "021-****")),
                setup_mode=more.pop("setup_mode", SetupMode.SINGLE),
                synthetic=True,
                version=self.random.randint(1, 5),
                **more,
            ),
            label,
        )
        self.by_label[label] = made
        self.rows.paths[label] = (made.path, made.area_path)
        for _ in range(self.random.randint(0, 2)):
            self.rows.add(
                record(
                    OrganizationChange,
                    organization_id=made.id,
                    org_path=made.path,
                    kind=self.pick(*ChangeKind),
                    occurred_on=self.day(street),
                    recorded_at=self.instant(street),
                    before=self.text(street, "前"),
                    after=self.text(street, "后"),
                    approved_by=self.text(street, "批准"),
                    document=self.text(street, "文号"),
                    other_id=self.pick(None, self.random.randint(1, n)),
                )
            )
        if self.random.random() < 0.4:
            self.rows.add(
                record(
                    ExternalId,
                    organization_id=made.id,
                    org_path=made.path,
                    system=self.text(street, "SYS"),
                    code=self.text(street, f"E{n}"),
                )
            )
        return made

    def organizations(self) -> None:
        top = self.organization(
            "district", "", "DISTRICT_PARTY_COMMITTEE", "DISTRICT", None, "district"
        )
        self.organization("department", "", "ORGANIZATION_DEPARTMENT", "DISTRICT", top, "district")
        self.organization("alone", "", "ACTUAL_UNIT", "UNIT", None, None)
        for s in STREETS:
            street = self.organization(
                f"street:{s}", s, "SUBDISTRICT_WORKING_COMMITTEE", "SUBDISTRICT", top, s
            )
            self.organization(f"office:{s}", s, "SUBDISTRICT_OFFICE", "SUBDISTRICT", street, s)
            for c in range(1, COMMUNITIES + 1):
                at = f"{s}{c}"
                community = self.organization(
                    f"community:{at}", s, "COMMUNITY_PARTY_COMMITTEE", "COMMUNITY", street, at
                )
                self.organization(
                    f"branch:{at}a", s, "PARTY_BRANCH", "COMMUNITY", community, f"{at}x"
                )
                self.organization(
                    f"branch:{at}b",
                    s,
                    "GRID_PARTY_BRANCH",
                    "GRID",
                    community,
                    self.pick(None, f"{at}y"),
                    setup_mode=SetupMode.JOINT,
                )
                self.organization(f"unit:{at}", s, "RESIDENT_UNIT", "UNIT", street, f"{at}z")
            # its superior is this street's, it stands in the next street's territory
            other = STREETS[(STREETS.index(s) + 1) % len(STREETS)]
            self.organization(
                f"branch:{s}far", s, "TWO_NEW_PARTY_BRANCH", "UNIT", street, f"{other}2z"
            )
            self.organization(
                f"gone:{s}",
                s,
                "PARTY_BRANCH",
                "COMMUNITY",
                street,
                f"{s}3y",
                status=self.pick(OrganizationStatus.MERGED, OrganizationStatus.DISSOLVED),
                dissolved_on=self.day(s),
            )
            self.organization(f"union:{s}", s, "TRADE_UNION", "SUBDISTRICT", street, s)
            self.organization(f"league:{s}", s, "YOUTH_LEAGUE", "SUBDISTRICT", street, s)
        self.cover()

    def cover(self) -> None:
        for s in STREETS:
            for c in range(1, COMMUNITIES + 1):
                branch = self.by_label[f"branch:{s}{c}b"]
                next_street = STREETS[(STREETS.index(s) + 1) % len(STREETS)]
                for unit in (f"unit:{s}{c}", f"unit:{next_street}{c}"):
                    self.rows.add(
                        record(
                            Coverage,
                            branch_id=branch.id,
                            org_path=branch.path,
                            unit_id=self.by_label[unit].id,
                            since=self.day(s),
                        )
                    )

    # ---- people ----------------------------------------------------------------------------------

    def person(self, label: str, street: str, keeper: Any, *, marker: str = "") -> Any:
        n = next(self.serial)
        own = marker or street
        residence = self.pick(None, *(a for a in self.rows.of(Area) if a.depth > 2))
        mobile = f"138{n:08}" if self.random.random() < 0.6 else None
        number = f"31010119900101{n:04}" if self.random.random() < 0.5 else None
        return self.rows.add(
            record(
                Person,
                organization_id=keeper.id,
                org_path=keeper.path,
                name_cipher=PRIVACY.encrypt(f"合成{label}"),
                name_hash=PRIVACY.digest(f"合成{label}"),
                name_masked=self.text(own, "合**"),
                mobile_cipher=PRIVACY.encrypt(mobile) if mobile else None,
                mobile_hash=PRIVACY.digest(mobile) if mobile else None,
                mobile_masked=self.text(own, f"138****{n:04}") if mobile else None,
                id_number_cipher=PRIVACY.encrypt(number) if number else None,
                id_number_hash=PRIVACY.digest(number) if number else None,
                id_number_masked=self.text(own, f"310***{n:04}") if number else None,
                birth_year=None if self.random.random() < 0.1 else self.random.randint(1930, 2005),
                gender=self.pick(*Gender),
                ethnic_group=self.pick("HAN", "HUI", ""),
                education=self.pick("COLLEGE", "", self.text(own, "自填")),
                employment_state=self.pick(*EmploymentState),
                work_unit=self.text(own, "单位"),
                residence_area_id=residence.id if residence else None,
                residence_path=residence.path if residence else "",
                skills=[self.text(own, "技") for _ in range(self.random.randint(0, 2))],
                hobbies=[self.text(own, '爱"好\\'), "SINGING"][: self.random.randint(0, 2)],
                synthetic=True,
                version=1,
            ),
            f"person:{label}",
        )

    def member(self, label: str, street: str, person: Any, branch: Any) -> Any:
        recent = self.random.random() < 0.4
        years = (2025, 2025) if recent else (2010, 2024)
        stage = self.pick(*MembershipStage, *([MembershipStage.FULL_MEMBER] * 6))
        made = self.rows.add(
            record(
                Member,
                person_id=person.id,
                branch_id=branch.id,
                org_path=branch.path,
                stage=stage,
                state=self.pick(*MembershipState, *([MembershipState.NORMAL] * 8)),
                contact_state=self.pick(*ContactState, *([ContactState.IN_CONTACT] * 4)),
                joined_on=self.day_or_none(street, 1970, 2020),
                full_member_on=self.day_or_none(street, 1970, 2020),
                affiliation_since=self.day_or_none(street, 2000, 2024),
                last_contact_on=self.day_or_none(street, *years),
                last_attended_on=self.day_or_none(street, *years),
                dues_paid_through=self.day_or_none(street, *years),
                is_floating=self.random.random() < 0.2,
                synthetic=True,
                version=self.random.randint(1, 4),
            ),
            f"member:{label}",
        )
        for _ in range(self.random.randint(0, 3)):
            self.rows.add(
                record(
                    MemberEvent,
                    member_id=made.id,
                    org_path=branch.path,
                    kind=self.pick("REGISTERED", "STAGE_CHANGED", "OWN_KIND"),
                    occurred_on=self.day(street),
                    recorded_at=self.instant(street),
                    before=self.text(street, "甲"),
                    after=self.text(street, "乙"),
                    decided_by=self.text(street, "大会"),
                    document=self.text(street, "决议"),
                )
            )
        return made

    def appointment(
        self, label: str, street: str, person: Any, at: Any, post: str, **more: Any
    ) -> None:
        self.rows.add(
            record(
                Appointment,
                person_id=person.id,
                organization_id=at.id,
                org_path=at.path,
                post=post,
                is_concurrent=more.pop("is_concurrent", False),
                source=self.pick("LOCAL", "RETIRED_OFFICIAL", ""),
                basis=self.pick(None, *AppointmentBasis),
                starts_on=self.day_or_none(street, 2015, 2024, 0.1),
                ends_on=self.day_or_none(street, 2025, 2027, 0.6),
                synthetic=True,
                **more,
            ),
            f"appointment:{label}",
        )

    def people(self) -> None:
        for s in STREETS:
            branches = [f"{s}{c}{b}" for c in range(1, COMMUNITIES + 1) for b in ("a", "b")] + [
                f"{s}far"
            ]
            for at in branches:
                branch = self.by_label[f"branch:{at}"]
                for i in range(self.random.randint(3, 5)):
                    label = f"{at}{i}"
                    person = self.person(label, s, branch)
                    self.member(label, s, person, branch)
                    if i == 0:
                        self.appointment(label, s, person, branch, "SECRETARY")
            for c in range(1, COMMUNITIES + 1):
                unit = self.by_label[f"unit:{s}{c}"]
                self.person(f"{s}{c}idle", s, unit)  # in the registry, no member, no post
                at = f"community:{s}{c}"
                head = self.person(f"{s}{c}head", s, self.by_label[at])
                self.appointment(f"{s}{c}head", s, head, self.by_label[at], "SECRETARY")
        for i, s in enumerate(STREETS):
            self.concurrent(s, STREETS[(i + 1) % len(STREETS)])
            self.elsewhere(s, STREETS[(i + 1) % len(STREETS)])

    def concurrent(self, street: str, other: str) -> None:
        """Someone of one street holds a post in another, which so sees the person."""
        keeper = self.by_label[f"branch:{street}1a"]
        person = self.person(f"{street}concurrent", street, keeper, marker="跨")
        self.member(f"{street}concurrent", street, person, keeper)
        self.appointment(
            f"{street}concurrent",
            other,
            person,
            self.by_label[f"community:{other}1"],
            "PART_TIME_COMMITTEE_MEMBER",
            is_concurrent=True,
            home_organization_id=self.by_label[f"unit:{street}1"].id,
            seconded_from_id=self.by_label[f"street:{street}"].id,
        )
        self.appointment(
            f"{street}home", street, person, keeper, "DEPUTY_SECRETARY", is_concurrent=False
        )

    def elsewhere(self, street: str, other: str) -> None:
        """Someone whose record one street keeps is a member of a branch in another."""
        person = self.person(
            f"{street}elsewhere", street, self.by_label[f"community:{street}2"], marker="跨"
        )
        self.member(f"{street}elsewhere", other, person, self.by_label[f"branch:{other}2a"])

    # ---- figures and things ----------------------------------------------------------------------

    def indicators(self) -> None:
        values = ("12.5", "0", "1900.0400", "100", "1E+3", "0.0001", "98765432101234.5")
        for label, street in self.labels():
            at = self.by_label[label]
            if self.random.random() < 0.5:
                self.rows.add(
                    record(
                        Indicator,
                        code=self.text(street, self.pick("SERVICE_RADIUS", "HOUSEHOLDS")),
                        organization_id=at.id,
                        org_path=at.path,
                        period=self.text(street, str(self.random.randint(2018, 2025))),
                        value=Decimal(self.pick(*values)),
                        unit=self.text(street, self.pick("户", "米")),
                        qualifier=self.pick(*Qualifier),
                        source=self.text(street, "材料"),
                    )
                )
        self.rows.add(
            record(
                Indicator,
                code="CITYWIDE",
                period="2024",
                value=Decimal(3),
                unit="个",
                source="材料",
            )
        )

    def labels(self) -> Iterator[tuple[str, str]]:
        """Yield the label of each organization and its street."""
        for label in self.rows.paths:
            _, _, at = label.partition(":")
            yield label, at[:1] if at[:1] in STREETS else ""

    def things(self) -> None:
        for label, street in self.labels():
            at = self.by_label[label]
            for _ in range(self.random.randint(0, 2)):
                n = len(self.rows.tables.get(Thing, ())) + 1
                published = self.random.random() < 0.2
                own = "" if published else street
                self.rows.add(
                    record(
                        Thing,
                        organization_id=at.id,
                        org_path=at.path,
                        account_id=self.pick(None, None, 1, 5),
                        name=self.text(own, self.pick("壶", "杯", "Cup", "cup", "\U0001f375", "")),
                        kind=self.pick("SECRETARY", "HEAD", "OWN_KIND"),
                        rank=self.random.randint(-3, 12),
                        due_on=self.day(own, 2020, 2026),
                        seen_at=self.instant(own),
                        price=Decimal(self.pick("0", "9.99", "10", "-1.5", "1234567.8901")),
                        urgent=self.random.random() < 0.5,
                        published=published,
                        mood=self.pick(*Mood),
                        note=self.pick(None, self.text(own, "注"), ""),
                        tags=self.pick(
                            [], [self.text(own, "签"), None, 3], {"键": self.text(own, "值")}
                        ),
                        twin_id=self.pick(None, self.random.randint(1, n - 1) if n > 1 else None),
                        person_id=self.pick(None, self.random.randint(1, 40)),
                    )
                )
                for _ in range(self.random.randint(0, 3)):
                    text = self.text(own, self.pick("甲", "乙", "a", "B"))
                    self.rows.add(record(Remark, thing_id=n, text=text))

    def marks(self) -> None:
        """Mark rows of several types under the same few keys, also rows of another street."""
        for label, street in self.labels():
            at = self.by_label[label]
            for _ in range(self.random.randint(1, 4)):
                self.rows.add(
                    record(
                        Mark,
                        organization_id=at.id,
                        org_path=at.path,
                        subject_type=self.pick("Thing", "Thing", "Organization", "Person"),
                        subject_id=self.random.randint(1, 12),
                        text=self.text(street, self.pick("甲", "a", "B", "")),
                    )
                )

    def reveals(self) -> None:
        """Tell of personal values that were shown, also of one whom another street sees."""
        for s in STREETS:
            for label in (f"{s}1a0", f"{s}2a0", f"{s}concurrent"):
                person = self.rows.of(Person)[int(self.rows.names[f"person:{label}"][7:]) - 1]
                for _ in range(2):
                    self.rows.add(
                        record(
                            Reveal,
                            person_id=person.id,
                            org_path=person.org_path,
                            account_id=self.pick(1, 2, 3),
                            shown=["NAME", "MOBILE"][: self.random.randint(1, 2)],
                            purpose=self.pick("CONTACT", "MEMBERSHIP"),
                            note=self.text(s, "说明"),
                            recorded_at=self.instant(s),
                        )
                    )


def build(seed: int = 20260305) -> Rows:
    """Make the rows; the same seed makes the same rows."""
    builder = _Builder(seed)
    builder.areas()
    builder.organizations()
    builder.people()
    builder.indicators()
    builder.things()
    builder.marks()
    builder.reveals()
    return builder.rows


def street_of(label: str) -> str:
    """Return the street that a label belongs to, empty for none."""
    _, _, at = label.partition(":")
    return at[:1] if at[:1] in STREETS else ""


def foreign_marks(streets: Iterable[str]) -> list[str]:
    """Return the texts that show a row of a street that is not one of these."""
    return [MARKERS[s] for s in STREETS if s not in set(streets)]
