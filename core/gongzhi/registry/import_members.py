"""How the rows of a roster of Party members meet the people and memberships that are there.

A person is known by the ID number; without one, by branch, name and birth date. A file creates
people and memberships and changes their particulars, but it transfers nobody: who has a current
membership in another branch is refused.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tallied
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Final

from gongzhi.imports.cells import CellError
from gongzhi.imports.dates import RosterDate
from gongzhi.imports.engine import Change, Run
from gongzhi.imports.rows import as_date, defaults, json_text, same, table_of
from gongzhi.imports.spec import Tally
from gongzhi.imports.table import Table
from gongzhi.imports.trees import same_as_row
from gongzhi.privacy import mask_id_number, mask_mobile, mask_name
from gongzhi.registry import counters
from gongzhi.registry.codes import Gender, MembershipStage, MembershipState, OrganizationStatus
from gongzhi.registry.import_trees import find_areas, keep_counts, refuse_rules
from gongzhi.registry.lists import ORGANIZATION_KIND
from gongzhi.registry.models import Member, Person
from gongzhi.registry.rules import (
    CURRENT_STATES,
    PARTY,
    TEXTS,
    MembershipDates,
    check_membership_dates,
)

PEOPLE: Final = table_of(Person)
MEMBERS: Final = table_of(Member)

_PERSON_PLAIN: Final = (
    "ethnic_group",
    "education",
    "employment_state",
    "work_unit",
    "residence_area_id",
    "residence_path",
    "skills",
    "hobbies",
    "synthetic",
)
_PERSON_PRIVATE: Final = (
    "name_cipher",
    "name_hash",
    "name_masked",
    "id_number_cipher",
    "id_number_hash",
    "id_number_masked",
    "mobile_cipher",
    "mobile_hash",
    "mobile_masked",
    "birth_cipher",
    "birth_year",
    "gender",
)
_PORTION: Final = 1000

_STAGES: Final = {stage.value: stage for stage in MembershipStage}
_DATES: Final = (
    "joined_on",
    "full_member_on",
    "affiliation_since",
    "last_contact_on",
    "last_attended_on",
)
_MEMBER_PLAIN: Final = (
    "stage",
    "state",
    "contact_state",
    *_DATES,
    "dues_paid_through",
    "is_floating",
    "synthetic",
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A Party organization that the file names."""

    id: int
    path: str


@dataclass(slots=True)
class MemberPlan:
    """What will be written."""

    table: Table
    branches: Mapping[str, Branch]
    name_hashes: list[str | None]
    id_hashes: list[str | None]
    mobile_hashes: list[str | None]
    new_people: list[int] = field(default_factory=list)
    """Indexes of rows whose person is new."""
    joining: dict[int, int] = field(default_factory=dict)
    """Index of a row → id of a person who is there and gets a membership."""
    people: list[Change] = field(default_factory=list)
    members: list[Change] = field(default_factory=list)
    counts: Tallied[tuple[str, str, str, int | None]] = field(default_factory=Tallied)
    """(path, stage, state, birth year) → memberships that come, or go (negative)."""
    changed: int = 0
    unchanged: int = 0

    @property
    def tally(self) -> Tally:
        """Rows by what becomes of them."""
        return Tally(len(self.new_people) + len(self.joining), self.changed, self.unchanged)

    def count(
        self, path: str, cells: Mapping[str, list[Any]], index: int, birth_year: int | None
    ) -> None:
        """Count a membership that comes."""
        state = cells["state"][index] or MembershipState.NORMAL.value
        self.counts[path, cells["stage"][index], state, birth_year] += 1

    def count_new(self) -> None:
        """Count the memberships of new people."""
        cells = self.table.columns
        states = _filled(cells["state"], MembershipState.NORMAL.value)
        paths = {code: branch.path for code, branch in self.branches.items()}
        codes, stages, births = cells["branch_code"], cells["stage"], cells["birth_date"]
        self.counts.update(
            (paths[codes[index]], stages[index], states[index], births[index].year)
            for index in self.new_people
        )

    async def write(self, run: Run, batch_id: int) -> None:
        """Insert people, then memberships, then change those that are there."""
        ids = await run.session.new_ids(PEOPLE, len(self.new_people))
        await self._insert_people(run, ids, batch_id)
        await self._insert_members(run, ids, batch_id)
        await run.update(PEOPLE, self.people, batch_id)
        await run.update(MEMBERS, self.members, batch_id)
        deltas = [
            delta
            for (path, stage, state, year), n in self.counts.items()
            for delta in counters.member_deltas(
                path, MembershipStage(stage), MembershipState(state), year, n
            )
        ]
        await keep_counts(run, deltas)

    async def _insert_people(self, run: Run, ids: Sequence[int], batch_id: int) -> None:
        cells = self.table.columns
        fallback = defaults(Person, run.now)
        stored = run.session.stored
        plain = [stored(_filled(cells[name], fallback[name])) for name in _PERSON_PLAIN]
        given = ("id", "organization_id", "org_path", "batch_id", *_PERSON_PRIVATE, *_PERSON_PLAIN)
        rest = {name: value for name, value in fallback.items() if name not in given}
        genders = _filled(cells["gender"], fallback["gender"])
        encrypted = run.privacy.encrypt_all

        def rows() -> Iterator[tuple[Any, ...]]:
            # In portions: while the database works on one, the next is encrypted.
            for start in range(0, len(self.new_people), _PORTION):
                order = self.new_people[start : start + _PORTION]

                def picked(column: Sequence[Any], order: list[int] = order) -> list[Any]:
                    return [column[index] for index in order]

                branches = [self.branches[code] for code in picked(cells["branch_code"])]
                names, births = picked(cells["name"]), picked(cells["birth_date"])
                numbers = [v and v.number for v in picked(cells["id_number"])]
                mobiles = picked(cells["mobile"])
                yield from zip(
                    ids[start : start + _PORTION],
                    [branch.id for branch in branches],
                    [branch.path for branch in branches],
                    repeat(batch_id),
                    encrypted(names),
                    picked(self.name_hashes),
                    map(mask_name, names),
                    encrypted(numbers),
                    picked(self.id_hashes),
                    [number and mask_id_number(number) for number in numbers],
                    encrypted(mobiles),
                    picked(self.mobile_hashes),
                    [mobile and mask_mobile(mobile) for mobile in mobiles],
                    encrypted([str(birth) for birth in births]),
                    [birth.year for birth in births],
                    picked(genders),
                    *map(picked, plain),
                    *map(repeat, stored([*rest.values()])),
                    strict=False,  # what repeats has no end
                )

        await run.insert(PEOPLE, (*given, *rest), rows(), len(self.new_people))

    async def _insert_members(self, run: Run, ids: Sequence[int], batch_id: int) -> None:
        cells = self.table.columns
        fallback = defaults(Member, run.now)
        stored = run.session.stored
        plain = [stored(_filled(cells[name], fallback[name])) for name in _MEMBER_PLAIN]
        given = ("person_id", "branch_id", "org_path", "batch_id", *_MEMBER_PLAIN)
        rest = {name: value for name, value in fallback.items() if name not in given}
        order = [*self.new_people, *self.joining]
        branches = [self.branches[cells["branch_code"][index]] for index in order]
        rows = zip(
            chain(ids, self.joining.values()),
            [branch.id for branch in branches],
            [branch.path for branch in branches],
            repeat(batch_id),
            *([column[index] for index in order] for column in plain),
            *map(repeat, stored([*rest.values()])),
            strict=False,  # what repeats has no end
        )
        await run.insert(MEMBERS, (*given, *rest), rows, len(order))


def _filled(values: list[Any], default: Any) -> list[Any]:
    return values if default is None else [default if v is None else v for v in values]


class MemberPlanner:
    """Plans the import of a roster."""

    writes: Final = (PEOPLE, MEMBERS, "core_counter")
    reads: Final = ("core_organization", "core_area")

    async def plan(self, run: Run, table: Table) -> MemberPlan:
        """Compare with who is there."""
        cells, bad = table.columns, table.errors.bad
        for name in ("skills", "hobbies"):
            cells[name] = [None if v is None else json_text(v) for v in cells[name]]
        branches = await self._branches(run, table)
        await find_areas(run, table, "residence_area_code", "residence_area_id", "residence_path")
        self._check_identities(table)
        digest = run.privacy.digest
        plan = MemberPlan(
            table,
            branches,
            [None if name is None else digest(name) for name in cells["name"]],
            [None if v is None else digest(v.number) for v in cells["id_number"]],
            [None if mobile is None else digest(mobile) for mobile in cells["mobile"]],
        )
        self._refuse_doubles(plan)
        found = await self._people(run, plan)
        memberships = await self._memberships(run, found)
        for index in run.counted("compare", range(len(table)), len(table)):
            if index in bad:
                continue
            person = found.get(index)
            if person is None:
                self._add_new(run, plan, index)
            else:
                self._compare(run, plan, index, person, memberships.get(person["id"], ()))
        plan.count_new()
        return plan

    async def _branches(self, run: Run, table: Table) -> dict[str, Branch]:
        """Return the branches that the file names; refuse rows with another."""
        codes = table.columns["branch_code"]
        party = {o.code for o in run.code_lists[ORGANIZATION_KIND] if o.family == PARTY}
        found: dict[str, Branch] = {}
        refused: dict[str, tuple[str, str, str]] = {}
        for row in await run.session.fetch(
            "SELECT id, code, path, kind, status FROM core_organization"
            f" WHERE {run.session.among('code', 1, 'text')}",
            run.session.listed({code for code in codes if code is not None}),
        ):
            if row["status"] != OrganizationStatus.ACTIVE:
                refused[row["code"]] = ("NOT_ACTIVE", *TEXTS["NOT_ACTIVE"])
            elif row["kind"] not in party:
                refused[row["code"]] = _NOT_PARTY
            else:
                found[row["code"]] = Branch(row["id"], row["path"])
        for index, code in enumerate(codes):
            if code not in found and code is not None:
                table.errors.add(index, "branch_code", *refused.get(code, _UNKNOWN_BRANCH))
        return found

    @staticmethod
    def _check_identities(table: Table) -> None:
        """Take birth date and gender from the ID number; refuse rows in which they disagree."""
        cells = table.columns
        births, genders = list(cells["birth_date"]), list(cells["gender"])
        for index, identity in enumerate(cells["id_number"]):
            if identity is None:
                if births[index] is None and index not in table.errors.bad:
                    table.refuse(index, "id_number", _NOBODY)
                continue
            birth, gender = births[index], genders[index]
            if birth is not None and not birth.agrees(identity.birth):
                table.refuse(index, "birth_date", _OTHER_BIRTH)
            if gender not in {None, Gender.UNKNOWN, identity.gender}:
                table.refuse(index, "gender", _OTHER_GENDER)
            on = identity.birth
            births[index] = RosterDate(on.year, on.month, on.day)
            genders[index] = identity.gender.value
        cells["birth_date"], cells["gender"] = births, genders

    @staticmethod
    def _refuse_doubles(plan: MemberPlan) -> None:
        """Refuse rows about a person whom an earlier row is about, or may be about."""
        table = plan.table
        births, codes = table.columns["birth_date"], table.columns["branch_code"]
        by_number: dict[str, int] = {}
        by_name: dict[tuple[str, str | None, int, int], list[int]] = {}
        for index, number in enumerate(plan.id_hashes):
            if index in table.errors.bad:
                continue
            if number is not None:
                first = by_number.setdefault(number, index)
                if first != index:
                    table.refuse(index, "id_number", same_as_row(table.numbers[first]))
                    continue
            birth = births[index]
            key = (codes[index], plan.name_hashes[index], birth.year, birth.month)
            earlier = by_name.setdefault(key, [])
            for other in earlier:
                if (number is None or plan.id_hashes[other] is None) and _may_be(
                    birth, births[other]
                ):
                    table.refuse(index, "name", _perhaps_row(table.numbers[other]))
                    break
            else:
                earlier.append(index)

    async def _people(self, run: Run, plan: MemberPlan) -> dict[int, Mapping[str, Any]]:
        """Return index → the person who is there already."""
        table = plan.table
        bad = table.errors.bad
        columns = ", ".join(f"p.{c}" for c in ("id", *_PERSON_PRIVATE, *_PERSON_PLAIN))
        numbers = [n for i, n in enumerate(plan.id_hashes) if n is not None and i not in bad]
        by_number = {
            row["id_number_hash"]: row
            for row in await run.session.fetch(
                f"SELECT {columns} FROM {PEOPLE} p"
                f" WHERE {run.session.among('p.id_number_hash', 1, 'text')}",
                run.session.listed(numbers),
            )
        }
        found: dict[int, Mapping[str, Any]] = {}
        unknown: list[int] = []
        for index, number in enumerate(plan.id_hashes):
            if index in bad:
                continue
            if number is not None and number in by_number:
                found[index] = by_number[number]
            else:
                unknown.append(index)
        await self._people_by_name(run, plan, columns, unknown, found)
        self._refuse_shared(plan, found)
        return found

    @staticmethod
    async def _people_by_name(
        run: Run,
        plan: MemberPlan,
        columns: str,
        unknown: list[int],
        found: dict[int, Mapping[str, Any]],
    ) -> None:
        """Look for the others by branch, name and birth date."""
        table, session = plan.table, run.session
        codes, births = table.columns["branch_code"], table.columns["birth_date"]
        namesakes: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
        for row in await session.fetch(
            f"SELECT {columns}, m.branch_id FROM {PEOPLE} p"
            f" JOIN {MEMBERS} m ON m.person_id = p.id"
            f" WHERE {session.among('p.name_hash', 1, 'text')}"
            f" AND {session.among('m.branch_id', 2, 'bigint')}",
            session.listed({plan.name_hashes[index] for index in unknown}),
            session.listed({plan.branches[codes[index]].id for index in unknown}),
        ):
            namesakes.setdefault((row["branch_id"], row["name_hash"]), []).append(row)
        for index in unknown if namesakes else ():
            branch, name, number = (
                plan.branches[codes[index]],
                plan.name_hashes[index],
                plan.id_hashes[index],
            )
            same_person = [
                row
                for row in namesakes.get((branch.id, name or ""), ())
                if (number is None or row["id_number_hash"] is None)
                and row["birth_cipher"] is not None
                and _may_be(births[index], _stored_birth(run, row))
            ]
            if len(same_person) > 1:
                table.refuse(index, "name", _SEVERAL)
            elif same_person:
                found[index] = same_person[0]

    @staticmethod
    def _refuse_shared(plan: MemberPlan, found: dict[int, Mapping[str, Any]]) -> None:
        """Refuse rows that are about a person whom an earlier row was found to be about."""
        table = plan.table
        first_of: dict[int, int] = {}
        for index in sorted(found):
            first = first_of.setdefault(found[index]["id"], index)
            if first != index:
                table.refuse(index, "name", same_as_row(table.numbers[first]))

    @staticmethod
    async def _memberships(
        run: Run, found: Mapping[int, Mapping[str, Any]]
    ) -> dict[int, list[Mapping[str, Any]]]:
        """Return person → memberships."""
        columns = ", ".join(("id", "person_id", "branch_id", "org_path", *_MEMBER_PLAIN))
        memberships: dict[int, list[Mapping[str, Any]]] = {}
        for row in await run.session.fetch(
            f"SELECT {columns} FROM {MEMBERS} WHERE {run.session.among('person_id', 1, 'bigint')}",
            run.session.listed({person["id"] for person in found.values()}),
        ):
            memberships.setdefault(row["person_id"], []).append(row)
        return memberships

    def _add_new(self, run: Run, plan: MemberPlan, index: int) -> None:
        """Plan a new person with a membership."""
        birth_year = plan.table.columns["birth_date"][index].year
        if self._check_dates(run, plan.table, index, birth_year, {}):
            plan.new_people.append(index)

    def _compare(
        self,
        run: Run,
        plan: MemberPlan,
        index: int,
        person: Mapping[str, Any],
        memberships: Sequence[Mapping[str, Any]],
    ) -> None:
        """Plan what changes of a person who is there."""
        table = plan.table
        branch = plan.branches[table.columns["branch_code"][index]]
        person_change = self._person_change(run, plan, index, person)
        birth_year = person_change.after.get("birth_year", person["birth_year"])
        here = next((row for row in memberships if row["branch_id"] == branch.id), None)
        if here is None:
            if any(row["state"] in CURRENT_STATES for row in memberships):
                table.refuse(index, "branch_code", _ELSEWHERE)
                return
            if not self._check_dates(run, table, index, birth_year, {}):
                return
            plan.joining[index] = person["id"]
            plan.count(branch.path, table.columns, index, birth_year)
            if person_change.after:
                plan.people.append(person_change)
            return
        before, after = _differences(table, index, here, _MEMBER_PLAIN)
        if after and not self._check_dates(run, table, index, birth_year, here):
            return
        if after:
            plan.members.append(Change(here["id"], before, after))
        if person_change.after:
            plan.people.append(person_change)
        if after or person_change.after:
            plan.changed += 1
            old = (here["org_path"], here["stage"], here["state"], person["birth_year"])
            new = (
                here["org_path"],
                after.get("stage", here["stage"]),
                after.get("state", here["state"]),
                birth_year,
            )
            if old != new:
                plan.counts[old] -= 1
                plan.counts[new] += 1
        else:
            plan.unchanged += 1

    @staticmethod
    def _person_change(run: Run, plan: MemberPlan, index: int, person: Mapping[str, Any]) -> Change:
        """Compare a person's particulars; what is encrypted by its keyed hash."""
        cells = plan.table.columns
        encrypt = run.privacy.encrypt
        before, after = _differences(plan.table, index, person, _PERSON_PLAIN)

        def put(**values: Any) -> None:
            for column, value in values.items():
                before[column], after[column] = person[column], value

        if plan.name_hashes[index] != person["name_hash"]:
            name = cells["name"][index]
            put(
                name_cipher=encrypt(name),
                name_hash=plan.name_hashes[index],
                name_masked=mask_name(name),
            )
        number, mobile = cells["id_number"][index], cells["mobile"][index]
        if number is not None and plan.id_hashes[index] != person["id_number_hash"]:
            put(
                id_number_cipher=encrypt(number.number),
                id_number_hash=plan.id_hashes[index],
                id_number_masked=mask_id_number(number.number),
            )
        if mobile is not None and plan.mobile_hashes[index] != person["mobile_hash"]:
            put(
                mobile_cipher=encrypt(mobile),
                mobile_hash=plan.mobile_hashes[index],
                mobile_masked=mask_mobile(mobile),
            )
        birth = cells["birth_date"][index]
        if birth is not None:
            stored = None if person["birth_cipher"] is None else _stored_birth(run, person)
            if (
                stored is None
                or not _may_be(birth, stored)
                or (stored.day is None and birth.day is not None)
            ):
                put(birth_cipher=encrypt(str(birth)))
            if birth.year != person["birth_year"]:
                put(birth_year=birth.year)
        gender = cells["gender"][index]
        if gender is not None and gender != person["gender"]:
            put(gender=gender)
        return Change(person["id"], before, after)

    @staticmethod
    def _check_dates(
        run: Run, table: Table, index: int, birth_year: int | None, member: Mapping[str, Any]
    ) -> bool:
        """Refuse dates out of order, those that stay as they are included."""
        cells = table.columns
        given = [cells[name][index] for name in _DATES]
        if member:
            given = [
                as_date(member[name]) if value is None else value
                for name, value in zip(_DATES, given, strict=True)
            ]
        if surely_in_order(cells["stage"][index], birth_year, given, run.today):
            return True
        refused = check_membership_dates(
            _STAGES[cells["stage"][index]],
            MembershipDates(birth_year, *given),
            run.today,
        )
        refuse_rules(table, index, refused)
        return not refused


def surely_in_order(
    stage: str, birth_year: int | None, days: Sequence[dt.date | None], today: dt.date
) -> bool:
    """Tell whether :func:`check_membership_dates` would find nothing, for the usual row, quickly.

    :param days: in the order of the rule's fields, 入党 and 转正 first.
    """
    if stage != MembershipStage.FULL_MEMBER.value or birth_year is None:
        return False
    joined_on, full_member_on, *_ = days
    if joined_on is not None and full_member_on is not None and full_member_on < joined_on:
        return False
    known = [day for day in days if day is not None]
    return not known or (min(known).year >= birth_year and max(known) <= today)


def _differences(
    table: Table, index: int, row: Mapping[str, Any], columns: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in columns:
        value = table.columns[column][index]
        if value is not None and not same(row[column], value):
            before[column], after[column] = row[column], value
    return before, after


def _stored_birth(run: Run, person: Mapping[str, Any]) -> RosterDate:
    """Return a stored birth date: a day, or a month if no more was known."""
    year, month, *day = run.privacy.decrypt(person["birth_cipher"]).split("-")
    return RosterDate(int(year), int(month), int(day[0]) if day else None)


def _may_be(one: RosterDate, other: RosterDate) -> bool:
    """Tell whether two dates can be the same day."""
    return (one.year, one.month) == (other.year, other.month) and (
        one.day is None or other.day is None or one.day == other.day
    )


def _perhaps_row(number: int) -> CellError:
    return CellError(
        code="DOUBLE_KEY",
        zh=f"与第 {number} 行可能是同一人；请给两行都填上身份证号",
        en=f"perhaps the same person as in row {number}; give both ID numbers",
    )


_UNKNOWN_BRANCH: Final = (
    "BRANCH_UNKNOWN",
    "没有这个编码的党组织，请先导入组织",
    "there is no organization with this code; import the organizations first",
)
_NOT_PARTY: Final = ("NOT_A_PARTY_ORGANIZATION", *TEXTS["NOT_A_PARTY_ORGANIZATION"])
_NOBODY: Final = CellError(
    code="PERSON_KEY_NEEDED",
    zh="身份证号和出生日期至少填一项",
    en="give the ID number or the birth date",
)
_OTHER_BIRTH: Final = CellError(
    code="BIRTH_DISAGREES",
    zh="出生日期与身份证号不一致",
    en="the birth date is not that of the ID number",
)
_OTHER_GENDER: Final = CellError(
    code="GENDER_DISAGREES",
    zh="性别与身份证号不一致",
    en="the gender is not that of the ID number",
)
_SEVERAL: Final = CellError(
    code="PERSON_AMBIGUOUS",
    zh="该支部有不止一名姓名和出生日期相同的人，请填写身份证号",
    en="several people of this branch have this name and birth date; give the ID number",
)
_ELSEWHERE: Final = CellError(
    code="MEMBER_ELSEWHERE",
    zh="此人的党员关系在其他支部，请先办理组织关系转接",
    en="the membership is in another branch; transfer it first",
)
