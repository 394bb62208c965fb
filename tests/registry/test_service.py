"""The use cases on both databases; after each the oracle recomputes everything by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from tortoise.transactions import in_transaction

from gongzhi import clock
from gongzhi.registry import counters, service, tree
from gongzhi.registry.codes import (
    ChangeKind,
    ContactState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    SetupMode,
)
from gongzhi.registry.models import (
    Appointment,
    Coverage,
    ExternalId,
    KindRule,
    Member,
    MemberEvent,
    Organization,
    OrganizationChange,
    Person,
)
from tests.registry.helpers import (
    PRIVACY,
    area,
    faults,
    member,
    organization,
    person,
    refused,
    registry,
)

DAY = dt.date(2015, 6, 8)
NUMBER = "999999199003078532"
"""Synthetic, with a right check character: born 1990-03-07, male."""


async def changes(row: Organization) -> list[OrganizationChange]:
    return await OrganizationChange.filter(organization_id=row.id).order_by("id")


async def totals(row: Organization, metric: str) -> dict[str, int]:
    async with in_transaction() as connection:
        found = await counters.on_tortoise(connection)(
            "SELECT bucket, total FROM core_counter WHERE organization_id = $1 AND metric = $2",
            [row.id, metric],
        )
    return {count["bucket"]: count["total"] for count in found if count["total"]}


async def test_four_tiers(database_url: str) -> None:
    async with registry(database_url) as db:
        district = await area("DISTRICT")
        street_area = await area("SUBDISTRICT", district)
        above = await organization("DISTRICT_PARTY_COMMITTEE", area_id=district.id)
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE", above, area_id=street_area.id)
        community = await organization("GENERAL_PARTY_BRANCH", street)
        grid = await organization("GRID_PARTY_BRANCH", community)
        group = await organization("BUILDING_PARTY_GROUP", grid)
        assert group.path == f"{above.id}.{street.id}.{community.id}.{grid.id}.{group.id}."
        assert group.depth == 4
        assert street.area_path == f"{district.id}.{street_area.id}."
        assert [row.level for row in (street, community, grid, group)] == [
            "SUBDISTRICT",
            "COMMUNITY",
            "GRID",
            "BUILDING",
        ]
        (change,) = await changes(group)
        assert (change.kind, change.other_id) == (ChangeKind.ESTABLISHED, grid.id)
        assert await totals(above, "organization.kind") == {
            "DISTRICT_PARTY_COMMITTEE": 1,
            "SUBDISTRICT_WORKING_COMMITTEE": 1,
            "GENERAL_PARTY_BRANCH": 1,
            "GRID_PARTY_BRANCH": 1,
            "BUILDING_PARTY_GROUP": 1,
        }
        assert await faults(db) == []


async def test_v27_new_organizations_keep_to_the_matrix(database_url: str) -> None:
    async with registry(database_url) as db:
        grid_above = await organization(
            "GRID_PARTY_COMMITTEE", await organization("SUBDISTRICT_WORKING_COMMITTEE")
        )
        branch = await organization("PARTY_BRANCH", grid_above)
        with refused("KIND_NOT_ALLOWED", "superior"):
            await organization("SUBDISTRICT_WORKING_COMMITTEE", branch)
        with refused("KIND_NOT_ROOT", "superior"):
            await organization("BUILDING_PARTY_GROUP")
        # The matrix is data: a deployment that wants it may have it.
        await KindRule.create(parent_kind="", child_kind="BUILDING_PARTY_GROUP")
        await organization("BUILDING_PARTY_GROUP")
        with refused("UNKNOWN_CODE", "kind"):
            await organization("BALL_CLUB")
        with refused("NOT_FOUND", "superior"):
            await service.create_organization("X", "合成", "PARTY_BRANCH", superior_id=999)
        with refused("NOT_FOUND", "area"):
            await organization("PARTY_BRANCH", area_id=999)
        assert await faults(db) == []


async def test_refused_texts_and_codes(database_url: str) -> None:
    async with registry(database_url) as db:
        await service.create_organization("ONE", " 合成支部 ", "PARTY_BRANCH")
        assert (await Organization.get(code="ONE")).name == "合成支部"
        with refused("CODE_TAKEN", "code"):
            await service.create_organization("ONE", "合成", "PARTY_BRANCH")
        with refused("BLANK", "name"):
            await service.create_organization("TWO", "  ", "PARTY_BRANCH")
        with refused("TOO_LONG", "name"):
            await service.create_organization("TWO", "长" * 201, "PARTY_BRANCH")
        with refused("FUTURE_DATE", "established_on"):
            await organization("PARTY_BRANCH", established_on=clock.today() + dt.timedelta(days=1))
        with refused("CODE_TAKEN", "code"):
            await service.create_area("A", "合成", "DISTRICT")
            await service.create_area("A", "合成", "DISTRICT")
        assert await Organization.all().count() == 1
        assert await faults(db) == []


async def test_phone_is_kept_encrypted(database_url: str) -> None:
    async with registry(database_url):
        branch = await organization("PARTY_BRANCH", phone="02155501234", privacy=PRIVACY)
        row = await Organization.get(id=branch.id)
        assert row.phone_masked == "021****1234"
        assert row.phone_cipher is not None
        assert b"02155501234" not in row.phone_cipher
        assert PRIVACY.decrypt(row.phone_cipher) == "02155501234"


async def test_c05_temporary_branch(database_url: str) -> None:
    async with registry(database_url):
        with refused("REVIEW_DATE_NEEDED", "review_on"):
            await organization("PARTY_BRANCH", is_temporary=True)
        with refused("DATE_ORDER", "review_on"):
            await organization(
                "PARTY_BRANCH",
                is_temporary=True,
                established_on=DAY,
                review_on=DAY - dt.timedelta(days=1),
            )
        branch = await organization("PARTY_BRANCH", is_temporary=True, review_on=DAY)
        assert [advice.code for advice in await service.advise_organization(branch.id)] == [
            "BRANCH_FEW_MEMBERS",
            "REVIEW_OVERDUE",
        ]
        with refused("UPGRADE_TEMPORARY"):
            await service.upgrade_organization(branch.id, "GENERAL_PARTY_BRANCH")


async def test_c03_joint_branch_and_coverage(database_url: str) -> None:
    async with registry(database_url) as db:
        park = await organization(
            "PARK_PARTY_COMMITTEE", await organization("DISTRICT_PARTY_COMMITTEE")
        )
        units = [await organization("ACTUAL_UNIT", park) for _ in range(6)]
        with refused("COVERAGE_NEEDED", "coverage"):
            await organization("TWO_NEW_PARTY_BRANCH", park, setup_mode=SetupMode.JOINT)
        with refused("COVERAGE_PARTY", "coverage"):
            await organization("TWO_NEW_PARTY_BRANCH", park, coverage=[park.id])
        with refused("NOT_A_PARTY_ORGANIZATION", "setup_mode"):
            await organization("ACTUAL_UNIT", park, coverage=[units[0].id])
        branch = await organization(
            "TWO_NEW_PARTY_BRANCH",
            park,
            setup_mode=SetupMode.JOINT,
            coverage=[units[0].id, units[1].id],
        )
        first = await Coverage.filter(branch_id=branch.id, unit_id=units[1].id).first()
        await service.set_coverage(branch.id, [unit.id for unit in units[1:]])
        kept = {row.unit_id: row.id for row in await Coverage.filter(branch_id=branch.id)}
        assert set(kept) == {unit.id for unit in units[1:]}
        assert first is not None
        assert kept[units[1].id] == first.id
        assert "JOINT_MANY_UNITS" not in [
            advice.code for advice in await service.advise_organization(branch.id)
        ]
        await service.set_coverage(branch.id, [unit.id for unit in units])
        assert "JOINT_MANY_UNITS" in [
            advice.code for advice in await service.advise_organization(branch.id)
        ]
        with refused("COVERAGE_SINGLE", "coverage"):
            await service.set_coverage(
                branch.id, [units[0].id, units[1].id], setup_mode=SetupMode.SINGLE
            )
        single = await service.set_coverage(branch.id, [units[0].id], setup_mode=SetupMode.SINGLE)
        assert (single.setup_mode, single.version) == (SetupMode.SINGLE, 4)
        await service.dissolve_organization(units[0].id)
        assert not await Coverage.filter(branch_id=branch.id).exists()
        with refused("COVERAGE_INACTIVE", "coverage"):
            await service.set_coverage(branch.id, [units[0].id])
        assert await faults(db) == []


async def test_v26_upgrade_keeps_identity_history_and_members(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        branch = await organization("PARTY_BRANCH", street, established_on=DAY)
        people = [await member(branch) for _ in range(3)]
        secretary = await service.appoint(people[0].person_id, branch.id, "SECRETARY")
        upgraded = await service.upgrade_organization(
            branch.id, "GENERAL_PARTY_BRANCH", name="合成党总支", approved_by="合成街道党工委"
        )
        assert (upgraded.id, upgraded.code, upgraded.path) == (branch.id, branch.code, branch.path)
        assert (upgraded.kind, upgraded.name) == ("GENERAL_PARTY_BRANCH", "合成党总支")
        assert [row.kind for row in await changes(branch)] == [
            ChangeKind.ESTABLISHED,
            ChangeKind.UPGRADED,
        ]
        last = (await changes(branch))[-1]
        assert (last.before, last.after) == ("PARTY_BRANCH", "GENERAL_PARTY_BRANCH")
        assert {row.id for row in await Member.filter(branch_id=branch.id)} == {
            row.id for row in people
        }
        assert (await Appointment.get(id=secretary.id)).organization_id == branch.id
        grid = await organization("GRID_PARTY_BRANCH", upgraded)
        assert grid.superior_id == branch.id
        assert await totals(street, "organization.kind") == {
            "SUBDISTRICT_WORKING_COMMITTEE": 1,
            "GENERAL_PARTY_BRANCH": 1,
            "GRID_PARTY_BRANCH": 1,
        }
        committee = await service.upgrade_organization(branch.id, "COMMUNITY_PARTY_COMMITTEE")
        assert committee.level == "COMMUNITY"
        with refused("UPGRADE_NOT_ALLOWED", "kind"):  # never back
            await service.upgrade_organization(branch.id, "PARTY_BRANCH")
        assert await faults(db) == []


async def test_v26_upgrade_fits_between_superior_and_subordinates(database_url: str) -> None:
    async with registry(database_url) as db:
        general = await organization("GENERAL_PARTY_BRANCH")
        branch = await organization("PARTY_BRANCH", general)
        with refused("KIND_NOT_ALLOWED", "superior"):  # no general branch under a general branch
            await service.upgrade_organization(branch.id, "GENERAL_PARTY_BRANCH")
        alone = await organization("PARTY_BRANCH")
        await organization("BUILDING_PARTY_GROUP", alone)
        with refused("KIND_NOT_ALLOWED", "superior"):  # its group could not stand there
            await service.upgrade_organization(alone.id, "GENERAL_PARTY_BRANCH")
        group = await organization("BUILDING_PARTY_GROUP", branch)
        with refused("KIND_NOT_ALLOWED"):
            await service.upgrade_organization(group.id, "GRID_PARTY_BRANCH")
        assert await faults(db) == []


async def test_rename(database_url: str) -> None:
    async with registry(database_url):
        branch = await organization("PARTY_BRANCH", short_name="旧")
        old = branch.name
        renamed = await service.rename_organization(
            branch.id, "合成新名", document="合成〔2015〕1号"
        )
        assert (renamed.name, renamed.short_name) == ("合成新名", "旧")
        change = (await changes(branch))[-1]
        assert (change.kind, change.before, change.after, change.document) == (
            ChangeKind.RENAMED,
            old,
            "合成新名",
            "合成〔2015〕1号",
        )
        with refused("SAME_NAME", "name"):
            await service.rename_organization(branch.id, "合成新名")


async def test_a_stale_version_is_a_conflict_and_changes_nothing(database_url: str) -> None:
    async with registry(database_url) as db:
        branch = await organization("PARTY_BRANCH")
        other = await organization("GENERAL_PARTY_BRANCH")
        someone = await member(branch)
        await service.rename_organization(branch.id, "合成一", expected_version=1)
        with refused("CONFLICT", "expected_version"):
            await service.rename_organization(branch.id, "合成二", expected_version=1)
        for refused_change in (
            lambda: service.upgrade_organization(
                branch.id, "GENERAL_PARTY_BRANCH", expected_version=1
            ),
            lambda: service.move_organization(branch.id, other.id, expected_version=1),
            lambda: service.merge_organizations(branch.id, other.id, expected_version=1),
            lambda: service.dissolve_organization(branch.id, expected_version=1),
            lambda: service.set_coverage(branch.id, [], expected_version=1),
            lambda: service.move_member(someone.id, other.id, expected_version=0),
            lambda: service.change_state(someone.id, MembershipState.SUSPENDED, expected_version=0),
        ):
            with refused("CONFLICT"):
                await refused_change()
        assert (await Organization.get(id=branch.id)).name == "合成一"
        assert await faults(db) == []


async def test_v27_move(database_url: str) -> None:
    async with registry(database_url) as db:
        district = await organization("DISTRICT_PARTY_COMMITTEE")
        one = await organization("SUBDISTRICT_WORKING_COMMITTEE", district)
        two = await organization("SUBDISTRICT_WORKING_COMMITTEE", district)
        community = await organization("GENERAL_PARTY_BRANCH", one)
        grid = await organization("GRID_PARTY_BRANCH", community)
        someone = await member(grid, birth=dt.date(1950, 1, 1))
        await service.appoint(someone.person_id, community.id, "SECRETARY")
        await ExternalId.create(
            organization_id=grid.id, org_path=grid.path, system="合成", code="1"
        )
        assert await totals(one, "member.birth_year") == {"1950": 1}
        moved = await service.move_organization(community.id, two.id, on=DAY)
        assert (moved.superior_id, moved.path) == (two.id, f"{two.path}{community.id}.")
        assert (await Organization.get(id=grid.id)).path == f"{moved.path}{grid.id}."
        change = (await changes(community))[-1]
        assert (change.kind, change.before, change.after, change.other_id) == (
            ChangeKind.MOVED,
            one.name,
            two.name,
            two.id,
        )
        assert await totals(one, "member.birth_year") == {}
        assert await totals(two, "member.birth_year") == {"1950": 1}
        assert await totals(district, "member.birth_year") == {"1950": 1}
        assert await faults(db) == []
        with refused("SAME_PLACE", "superior"):
            await service.move_organization(community.id, two.id)
        with refused("CYCLE", "superior"):
            await service.move_organization(community.id, grid.id)
        with refused("CYCLE", "superior"):
            await service.move_organization(community.id, community.id)
        with refused("KIND_NOT_ALLOWED", "superior"):
            await service.move_organization(two.id, one.id)
        with refused("KIND_NOT_ROOT", "superior"):
            await service.move_organization(grid.id, None)
        root = await service.move_organization(community.id, None)
        assert (root.path, root.depth, root.superior_id) == (f"{community.id}.", 0, None)
        with refused("SAME_PLACE", "superior"):
            await service.move_organization(community.id, None)
        assert await totals(district, "member.stage") == {}
        assert await faults(db) == []


async def test_v27_deep_trees_are_refused_before_the_path_is_cut(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with registry(database_url) as db:
        await KindRule.create(parent_kind="PARTY_BRANCH", child_kind="PARTY_BRANCH")
        one = await organization("PARTY_BRANCH")
        two = await organization("PARTY_BRANCH", one)
        three = await organization("PARTY_BRANCH")
        await organization("PARTY_BRANCH", await organization("PARTY_BRANCH", three))
        monkeypatch.setattr(tree, "MAX_PATH", len(two.path) + 2)
        with refused("TREE_TOO_DEEP"):
            await organization("PARTY_BRANCH", await organization("PARTY_BRANCH", two))
        with refused("TREE_TOO_DEEP"):
            await service.move_organization(three.id, two.id)
        assert await faults(db) == []


async def test_move_area(database_url: str) -> None:
    async with registry(database_url) as db:
        district = await area("DISTRICT")
        one, two = await area("SUBDISTRICT", district), await area("SUBDISTRICT", district)
        estate = await area("ESTATE", one)
        branch = await organization("PARTY_BRANCH", area_id=estate.id)
        resident = await person(branch, residence_area_id=estate.id)
        moved = await service.move_area(estate.id, two.id)
        assert (moved.parent_id, moved.path) == (two.id, f"{two.path}{estate.id}.")
        assert (await Organization.get(id=branch.id)).area_path == moved.path
        assert (await Person.get(id=resident.id)).residence_path == moved.path
        assert await faults(db) == []
        with refused("SAME_PLACE", "parent"):
            await service.move_area(estate.id, two.id)
        with refused("AREA_CYCLE", "parent"):
            await service.move_area(district.id, estate.id)
        with refused("UNKNOWN_CODE", "kind"):
            await area("MOON")
        await service.move_area(two.id, None)
        assert await faults(db) == []


async def test_merge(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        source = await organization("PARTY_BRANCH", street)
        target = await organization("PARTY_BRANCH", street)
        group = await organization("BUILDING_PARTY_GROUP", source)
        units = [await organization("ACTUAL_UNIT", street) for _ in range(3)]
        await service.set_coverage(source.id, [units[0].id])
        await service.set_coverage(target.id, [units[1].id])
        members = [await member(source, birth=dt.date(1940 + n, 1, 1)) for n in range(3)]
        await service.change_state(members[0].id, MembershipState.SUSPENDED)
        gone = await member(source)
        await service.change_state(gone.id, MembershipState.REMOVED)
        there = await service.admit_member(
            gone.person_id, target.id, stage=MembershipStage.APPLICANT
        )
        await member(group)
        post = await service.appoint(members[1].person_id, source.id, "SECRETARY", starts_on=DAY)
        later = await service.appoint(
            members[2].person_id,
            source.id,
            "DEPUTY_SECRETARY",
            starts_on=clock.today() + dt.timedelta(days=30),
        )
        outside = await service.appoint(members[1].person_id, street.id, "PARTY_AFFAIRS_WORKER")
        result = await service.merge_organizations(source.id, target.id, approved_by="合成")
        assert (result.id, result.setup_mode) == (target.id, SetupMode.JOINT)
        left = await Organization.get(id=source.id)
        assert (left.status, left.dissolved_on) == (OrganizationStatus.MERGED, clock.today())
        assert (await Organization.get(id=group.id)).superior_id == target.id
        assert {row.id for row in await Member.filter(branch_id=target.id)} == {
            *(row.id for row in members),
            there.id,
        }
        assert [row.id for row in await Member.filter(branch_id=source.id)] == [gone.id]
        assert not await Person.filter(organization_id=source.id).exists()
        assert (await Appointment.get(id=post.id)).ends_on == clock.today()
        ended = await Appointment.get(id=later.id)
        assert ended.ends_on == ended.starts_on
        assert (await Appointment.get(id=outside.id)).ends_on is None
        assert {row.unit_id for row in await Coverage.filter(branch_id=target.id)} == {
            units[0].id,
            units[1].id,
        }
        assert [row.kind for row in await changes(source)] == [
            ChangeKind.ESTABLISHED,
            ChangeKind.MERGED,
        ]
        assert (await changes(source))[-1].other_id == target.id
        assert (await changes(target))[-1].other_id == source.id
        event = await MemberEvent.filter(member_id=members[1].id).order_by("-id").first()
        assert event is not None
        assert (event.kind, event.before, event.after) == (
            "BRANCH_MERGED",
            source.code,
            target.code,
        )
        assert await faults(db) == []
        for call in (
            lambda: service.merge_organizations(source.id, target.id),
            lambda: service.rename_organization(source.id, "合成"),
            lambda: service.dissolve_organization(source.id),
            lambda: service.upgrade_organization(source.id, "GENERAL_PARTY_BRANCH"),
            lambda: service.move_organization(source.id, None),
            lambda: service.set_coverage(source.id, []),
            lambda: service.create_organization(
                "LATE", "合成", "BUILDING_PARTY_GROUP", superior_id=source.id
            ),
            lambda: service.admit_member(
                gone.person_id, source.id, stage=MembershipStage.APPLICANT
            ),
            lambda: service.appoint(members[1].person_id, source.id, "SECRETARY"),
            lambda: person(source),
        ):
            with refused("NOT_ACTIVE"):
                await call()


async def test_merged_units_stay_covered(database_url: str) -> None:
    async with registry(database_url) as db:
        park = await organization(
            "PARK_PARTY_COMMITTEE", await organization("DISTRICT_PARTY_COMMITTEE")
        )
        one, two, three = [await organization("ACTUAL_UNIT", park) for _ in range(3)]
        both = await organization(
            "PARTY_BRANCH", park, setup_mode=SetupMode.JOINT, coverage=[one.id, two.id]
        )
        only = await organization("PARTY_BRANCH", park, coverage=[one.id])
        await service.merge_organizations(one.id, two.id)
        assert [row.unit_id for row in await Coverage.filter(branch_id=both.id)] == [two.id]
        assert [row.unit_id for row in await Coverage.filter(branch_id=only.id)] == [two.id]
        with refused("MERGE_KINDS_DIFFER", "target"):
            await service.merge_organizations(three.id, park.id)
        assert await faults(db) == []


async def test_merge_refusals(database_url: str) -> None:
    async with registry(database_url) as db:
        general = await organization("GENERAL_PARTY_BRANCH")
        one = await organization("PARTY_BRANCH", general)
        two = await organization("PARTY_BRANCH", general)
        with refused("SAME_ORGANIZATION", "target"):
            await service.merge_organizations(one.id, one.id)
        with refused("CYCLE", "target"):
            await service.merge_organizations(general.id, one.id)
        someone = await member(one)
        await service.change_state(someone.id, MembershipState.REMOVED)
        await service.admit_member(someone.person_id, two.id, stage=MembershipStage.APPLICANT)
        with refused("MEMBER_IN_BOTH", "target"):
            await service.merge_organizations(two.id, one.id)
        # A branch may be merged into the general branch above it: its members go up.
        await service.merge_organizations(one.id, general.id)
        assert await faults(db) == []


async def test_dissolve(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        community = await organization("GENERAL_PARTY_BRANCH", street)
        branch = await organization("PARTY_BRANCH", community)
        someone = await member(branch)
        post = await service.appoint(someone.person_id, branch.id, "SECRETARY")
        with refused("HAS_SUBORDINATES"):
            await service.dissolve_organization(community.id)
        with refused("HAS_MEMBERS"):
            await service.dissolve_organization(branch.id)
        await service.change_state(someone.id, MembershipState.SUSPENDED)
        with refused("HAS_MEMBERS"):  # a suspended member is still a member of this branch
            await service.dissolve_organization(branch.id)
        await service.move_member(someone.id, community.id)
        keeper = (await Person.get(id=someone.person_id)).organization_id
        assert keeper == community.id
        stays = await person(branch)
        result = await service.dissolve_organization(branch.id, on=DAY)
        assert (result.status, result.dissolved_on) == (OrganizationStatus.DISSOLVED, DAY)
        assert (await Person.get(id=stays.id)).organization_id == community.id
        assert (await Appointment.get(id=post.id)).ends_on == DAY
        assert await totals(street, "organization.kind") == {
            "SUBDISTRICT_WORKING_COMMITTEE": 1,
            "GENERAL_PARTY_BRANCH": 1,
        }
        root = await organization("PARTY_BRANCH")
        await person(root)
        with refused("HAS_PEOPLE"):
            await service.dissolve_organization(root.id)
        assert await faults(db) == []


async def test_person(database_url: str) -> None:
    async with registry(database_url) as db:
        home = await area("ESTATE")
        branch = await organization("PARTY_BRANCH")
        someone = await service.create_person(
            branch.id,
            "合成甲",
            privacy=PRIVACY,
            id_number=NUMBER.lower(),
            mobile="13800000000",
            ethnic_group="HUI",
            education="COLLEGE",
            residence_area_id=home.id,
            skills=["MEDIATION", "LAW", "MEDIATION"],
            hobbies=["CHESS"],
            synthetic=True,
        )
        row = await Person.get(id=someone.id)
        assert (row.birth_year, row.gender) == (1990, Gender.MALE)
        assert (row.name_masked, row.mobile_masked) == ("合**", "138****0000")
        assert row.id_number_masked == f"999{'*' * 11}8532"
        assert row.id_number_hash == PRIVACY.digest(NUMBER)
        assert row.name_hash == PRIVACY.digest("合成甲")
        assert row.birth_cipher is not None
        assert PRIVACY.decrypt(row.birth_cipher) == "1990-03-07"
        assert PRIVACY.decrypt(row.name_cipher) == "合成甲"
        assert (row.skills, row.residence_path) == (["MEDIATION", "LAW"], home.path)
        with refused("ALREADY_REGISTERED", "id_number"):
            await person(branch, id_number=NUMBER)
        with refused("ID_CHECKSUM", "id_number"):
            await person(branch, id_number=NUMBER[:-1] + "0")
        with refused("ID_DISAGREES", "birth"):
            await person(branch, id_number="999999199003078516", birth=DAY)
        with refused("ID_DISAGREES", "gender"):
            await person(branch, id_number=NUMBER, gender=Gender.FEMALE)
        with refused("MOBILE_SHAPE", "mobile"):
            await person(branch, mobile="12345")
        with refused("FUTURE_DATE", "birth"):
            await person(branch, birth=clock.today() + dt.timedelta(days=1))
        with refused("UNKNOWN_CODE", "skills"):
            await person(branch, skills=["FLYING"])
        with refused("UNKNOWN_CODE", "ethnic_group"):
            await person(branch, ethnic_group="MARTIAN")
        with refused("TOO_LONG", "name"):
            await service.create_person(branch.id, "长" * 65, privacy=PRIVACY)
        assert await Person.all().count() == 1
        assert await faults(db) == []


async def test_admission(database_url: str) -> None:
    async with registry(database_url) as db:
        branch, other = [await organization("PARTY_BRANCH") for _ in range(2)]
        someone = await person(branch, birth=dt.date(1980, 5, 1))
        with refused("NOT_A_PARTY_ORGANIZATION", "branch"):
            await service.admit_member(
                someone.id,
                (await organization("ACTUAL_UNIT")).id,
                stage=MembershipStage.FULL_MEMBER,
            )
        with refused("DATE_ORDER", "full_member_on"):
            await service.admit_member(
                someone.id,
                branch.id,
                stage=MembershipStage.FULL_MEMBER,
                joined_on=DAY,
                full_member_on=DAY - dt.timedelta(days=1),
            )
        with refused("DATE_WITHOUT_STAGE", "joined_on"):
            await service.admit_member(
                someone.id, branch.id, stage=MembershipStage.APPLICANT, joined_on=DAY
            )
        first = await service.admit_member(
            someone.id, branch.id, stage=MembershipStage.FULL_MEMBER, joined_on=DAY
        )
        for place in (branch, other):
            with refused("ALREADY_MEMBER", "person"):
                await service.admit_member(someone.id, place.id, stage=MembershipStage.FULL_MEMBER)
        await service.change_state(first.id, MembershipState.EXPELLED)
        with refused("MEMBERSHIP_ENDED"):
            await service.move_member(first.id, other.id)
        again = await service.admit_member(someone.id, branch.id, stage=MembershipStage.APPLICANT)
        assert (again.id, again.stage, again.state) == (
            first.id,
            MembershipStage.APPLICANT,
            MembershipState.NORMAL,
        )
        assert again.joined_on is None
        events = await MemberEvent.filter(member_id=first.id).order_by("id")
        assert [event.kind for event in events] == ["REGISTERED", "EXPELLED", "REGISTERED"]
        assert await faults(db) == []


async def test_stages_and_states(database_url: str) -> None:
    async with registry(database_url) as db:
        branch = await organization("PARTY_BRANCH")
        row = await member(branch, MembershipStage.APPLICANT, birth=dt.date(1990, 1, 1))
        with refused("STAGE_STEP", "stage"):
            await service.change_stage(row.id, MembershipStage.FULL_MEMBER)
        await service.change_stage(row.id, MembershipStage.ACTIVIST, on=DAY)
        await service.change_stage(row.id, MembershipStage.CANDIDATE, on=DAY)
        assert await totals(branch, "member.birth_year") == {}
        probationary = await service.change_stage(
            row.id, MembershipStage.PROBATIONARY_MEMBER, on=DAY
        )
        assert probationary.joined_on == DAY
        assert await totals(branch, "member.birth_year") == {"1990": 1}
        full = await service.change_stage(
            row.id, MembershipStage.FULL_MEMBER, on=DAY.replace(year=2016)
        )
        assert (full.joined_on, full.full_member_on) == (DAY, DAY.replace(year=2016))
        assert await totals(branch, "member.stage") == {"FULL_MEMBER": 1}
        await service.change_state(row.id, MembershipState.SUSPENDED, on=DAY.replace(year=2017))
        assert await totals(branch, "member.stage") == {}
        with refused("SUSPENSION_TOO_SHORT", "state"):
            await service.change_state(row.id, MembershipState.REMOVED, on=DAY.replace(year=2018))
        await service.change_state(row.id, MembershipState.REINSTATED, on=DAY.replace(year=2018))
        assert await totals(branch, "member.stage") == {"FULL_MEMBER": 1}
        with refused("STATE_STEP", "state"):
            await service.change_state(row.id, MembershipState.NORMAL)
        await service.change_state(row.id, MembershipState.DECEASED)
        with refused("MEMBERSHIP_ENDED"):
            await service.change_state(row.id, MembershipState.REINSTATED)
        assert await totals(branch, "member.stage") == {}
        assert await faults(db) == []


async def test_transfer(database_url: str) -> None:
    async with registry(database_url) as db:
        street = await organization("SUBDISTRICT_WORKING_COMMITTEE")
        one, two = [await organization("PARTY_BRANCH", street) for _ in range(2)]
        row = await member(one)
        apart = await member(one, keeper=street)
        moved = await service.move_member(row.id, two.id, on=DAY, decided_by="合成")
        assert (moved.branch_id, moved.org_path, moved.affiliation_since) == (
            two.id,
            two.path,
            DAY,
        )
        assert (await Person.get(id=row.person_id)).organization_id == two.id
        await service.move_member(apart.id, two.id)
        assert (await Person.get(id=apart.person_id)).organization_id == street.id
        event = await MemberEvent.filter(member_id=row.id).order_by("-id").first()
        assert event is not None
        assert (event.kind, event.before, event.after) == ("TRANSFERRED", one.code, two.code)
        with refused("SAME_BRANCH", "branch"):
            await service.move_member(row.id, two.id)
        with refused("NOT_FOUND", "branch"):
            await service.move_member(row.id, 999_999)
        with refused("NOT_FOUND"):
            await service.move_member(999_999, two.id)
        assert await faults(db) == []


async def test_contact(database_url: str) -> None:
    async with registry(database_url):
        row = await member(await organization("PARTY_BRANCH"))
        seen = await service.record_contact(row.id, on=DAY)
        assert (seen.last_contact_on, seen.last_attended_on) == (DAY, None)
        seen = await service.record_contact(row.id, on=DAY - dt.timedelta(days=9))
        assert (seen.last_contact_on, seen.version) == (DAY, 2)
        seen = await service.record_contact(row.id, on=DAY, attended=True)
        assert seen.last_attended_on == DAY
        with refused("CONTACT_STEP", "contact_state"):
            await service.change_contact_state(row.id, ContactState.LOST)
        await service.change_contact_state(row.id, ContactState.SUSPECTED_LOST)
        await service.change_contact_state(row.id, ContactState.SEARCHING)
        found = await service.change_contact_state(row.id, ContactState.IN_CONTACT)
        assert found.last_contact_on == clock.today()
        assert await MemberEvent.filter(member_id=row.id, kind="CONTACT_CHANGED").count() == 3


async def test_v25_part_time_committee_member(database_url: str) -> None:
    async with registry(database_url):
        community = await organization("COMMUNITY_PARTY_COMMITTEE")
        company = await organization("PROPERTY_COMPANY", community)
        department = await organization("GOVERNMENT_DEPARTMENT")
        manager = await person(company)

        async def co_opt(home: Organization | None = company) -> Appointment:
            return await service.appoint(
                manager.id,
                community.id,
                "PART_TIME_COMMITTEE_MEMBER",
                home_organization_id=home.id if home else None,
            )

        with refused("NOT_A_PARTY_MEMBER", "person"):
            await co_opt()
        await service.admit_member(
            manager.id,
            (await organization("PARTY_BRANCH", community)).id,
            stage=MembershipStage.FULL_MEMBER,
        )
        with refused("HOME_NEEDED", "home_organization"):
            await co_opt(None)
        with refused("HOME_NOT_HEAD", "home_organization"):
            await co_opt()
        await service.appoint(manager.id, department.id, "HEAD")
        with refused("HOME_KIND", "home_organization"):
            await co_opt(department)
        await service.appoint(manager.id, company.id, "HEAD")
        post = await co_opt()
        assert post.is_concurrent
        with refused("ALREADY_APPOINTED", "post"):
            await co_opt()
        ended = await service.end_appointment(post.id, on=clock.today() + dt.timedelta(days=3))
        assert ended.ends_on == clock.today() + dt.timedelta(days=3)
        await service.end_appointment(post.id)
        with refused("APPOINTMENT_ENDED"):
            await service.end_appointment(post.id)
        with refused("NOT_FOUND"):
            await service.end_appointment(999)


async def test_appointment_spans(database_url: str) -> None:
    async with registry(database_url):
        branch = await organization("PARTY_BRANCH")
        agency = await organization("GOVERNMENT_DEPARTMENT")
        someone = await person(agency)
        with refused("DATE_ORDER", "ends_on"):
            await service.appoint(
                someone.id,
                branch.id,
                "SECRETARY",
                starts_on=DAY,
                ends_on=DAY - dt.timedelta(days=1),
            )
        with refused("UNKNOWN_CODE", "post"):
            await service.appoint(someone.id, branch.id, "KING")
        with refused("UNKNOWN_CODE", "source"):
            await service.appoint(someone.id, branch.id, "SECRETARY", source="MOON")
        with refused("NOT_FOUND", "seconded_from"):
            await service.appoint(someone.id, branch.id, "SECRETARY", seconded_from_id=999)
        first = await service.appoint(
            someone.id,
            branch.id,
            "SECRETARY",
            source="SECONDED_AGENCY",
            seconded_from_id=agency.id,
            starts_on=DAY,
            ends_on=DAY.replace(year=2017),
        )
        assert first.seconded_from_id == agency.id
        with refused("DATE_ORDER", "ends_on"):
            await service.end_appointment(first.id, on=DAY - dt.timedelta(days=1))
        again = await service.appoint(
            someone.id, branch.id, "SECRETARY", starts_on=DAY.replace(year=2018)
        )
        assert again.id != first.id


async def test_a_use_case_is_part_of_the_callers_transaction(database_url: str) -> None:
    async with registry(database_url) as db:
        branch = await organization("PARTY_BRANCH")

        async def write_and_fail() -> None:
            async with in_transaction():
                await member(branch)
                with refused("CODE_TAKEN"):
                    await service.create_organization(branch.code, "合成", "PARTY_BRANCH")
                await member(branch)
                raise KeyError

        with pytest.raises(KeyError):
            await write_and_fail()
        assert await Person.all().count() == 0
        assert await faults(db) == []
        async with in_transaction():
            with refused("CODE_TAKEN"):
                await service.create_organization(branch.code, "合成", "PARTY_BRANCH")
            await member(branch)
        assert await Member.all().count() == 1
        assert await faults(db) == []
