"""Rules of :mod:`gongzhi.registry.rules` as SQL conditions, so that lists of them are one read.

Each mirrors the rule of the same name; a test holds the two against each other row by row.
"""

from __future__ import annotations

from gongzhi.graph import Sql, as_of
from gongzhi.registry import rules
from gongzhi.registry.models import Organization


def age_band_of_year(sql: Sql, year: str) -> str:
    """Return the age band of a year of birth, a number or text; see :func:`rules.age_band`."""
    day = as_of(sql)
    now = sql.value(lambda bind: day(bind).year, "int")
    age = f"({now} - CAST(nullif(CAST({year} AS TEXT), '') AS INTEGER))"
    cases = []
    for band in rules.AGE_BANDS:
        upper = "" if band.highest is None else f" AND {age} <= {band.highest}"
        cases.append(f"WHEN {age} >= {band.lowest}{upper} THEN '{band.code}'")
    return f"CASE {' '.join(cases)} ELSE '{rules.AGE_UNKNOWN}' END"


def _counted(row: str) -> str:
    stages = ", ".join(f"'{s}'" for s in sorted(rules.MEMBER_STAGES))
    states = ", ".join(f"'{s}'" for s in sorted(rules.COUNTED_STATES))
    return f"{row}.stage IN ({stages}) AND {row}.state IN ({states})"


def _all_old(row: str, names: tuple[str, ...], cutoff: str) -> str:
    return " AND ".join(f"({row}.{n} IS NULL OR {row}.{n} <= {cutoff})" for n in names)


def is_suspected_lost(sql: Sql, row: str) -> str:
    """Return the condition of :func:`rules.lost_contact`."""
    day = as_of(sql)
    cutoff = sql.value(
        lambda bind: rules.lost_cutoff(day(bind), bind.norms.contact_days).isoformat(), "date"
    )
    return f"{_counted(row)} AND {_all_old(row, rules.LOST_DATES, cutoff)}"


def lost_reason(sql: Sql) -> str:
    """Return the reason of :func:`rules.lost_contact`."""
    seen = f"coalesce({sql.column('last_contact_on')}, {sql.column('last_attended_on')})"
    return (
        f"CASE WHEN {seen} IS NULL THEN '{rules.LostReason.NO_CONTACT_RECORDED}' "
        f"ELSE '{rules.LostReason.LAST_CONTACT_TOO_OLD}' END"
    )


def is_vacant(sql: Sql, row: str) -> str:
    """Return the condition of :func:`rules.vacant_membership`."""
    day = as_of(sql)
    cutoff = sql.value(
        lambda bind: rules.vacant_cutoff(day(bind), bind.norms.vacant_months).isoformat(), "date"
    )
    lives_here = (
        f"EXISTS (SELECT 1 FROM core_organization b, core_person p "
        f"WHERE b.id = {row}.branch_id AND p.id = {row}.person_id "
        f"AND b.area_path <> '' AND p.residence_path >= b.area_path "
        f"AND p.residence_path < {sql.after('b.area_path')})"
    )
    return f"{_counted(row)} AND {_all_old(row, rules.VACANT_DATES, cutoff)} AND NOT {lives_here}"


def vacant_reasons(sql: Sql) -> str:
    """Return the reasons of :func:`rules.vacant_membership`, as a JSON array."""
    reason = rules.VacantReason
    dues, attended = sql.column("dues_paid_through"), sql.column("last_attended_on")
    territory, residence = sql.column("branch.area_path"), sql.column("person.residence_path")
    items = (
        f"CASE WHEN {dues} IS NULL THEN '{reason.DUES_NOT_RECORDED}' "
        f"ELSE '{reason.DUES_IN_ARREARS}' END, "
        f"CASE WHEN {attended} IS NULL THEN '{reason.ATTENDANCE_NOT_RECORDED}' "
        f"ELSE '{reason.NOT_ATTENDING}' END, "
        f"CASE WHEN {territory} = '' THEN '{reason.TERRITORY_UNKNOWN}' "
        f"WHEN {residence} = '' THEN '{reason.RESIDENCE_UNKNOWN}' "
        f"ELSE '{reason.LIVES_OUTSIDE}' END"
    )
    return f"json_array({items})" if sql.sqlite else f"json_build_array({items})"


DEFAULT_KINDS = ("ESTATE", "GRID")
"""支部建在小区 (C04) and 网格党支部 (C02): the areas that the source documents look at."""


def without_party_organization(sql: Sql, row: str) -> str:
    """Areas in an organization's territory that no active Party organization has as its area."""
    key = sql.argument("organization", "id:Organization")
    kinds = sql.list_argument("kinds", f"{row}.kind") or (
        f"{row}.kind IN ({', '.join(repr(k) for k in DEFAULT_KINDS)})"
    )
    party = sql.family("p.kind", "organization_kind", rules.PARTY)
    territory = (
        f"SELECT {{0}} FROM core_organization o WHERE o.id = {key} AND o.area_path <> '' "
        f"AND {sql.visible(Organization, 'o')}"
    )
    return (
        f"{kinds} AND {row}.path >= ({territory.format('o.area_path')}) "
        f"AND {row}.path < ({territory.format(sql.after('o.area_path'))}) "
        f"AND NOT EXISTS (SELECT 1 FROM core_organization p WHERE p.area_id = {row}.id "
        f"AND p.status = 'ACTIVE' AND {party} AND {sql.visible(Organization, 'p')})"
    )
