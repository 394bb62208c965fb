"""The use cases of the registry: the one way to write it, from mutations, commands and plugins.

Each is one transaction; inside a transaction of the caller it is a part of that. Each checks the
rules, writes the rows, the history and the counts, and returns the row as it is then. A refusal is
a :class:`gongzhi.errors.RuleError` whose ``code`` is listed with the function.

``on`` is the day on which something happened, today where none is given, never a day to come.
``expected_version`` is the version that the caller has read; another one in the database refuses
the change with CONFLICT. ``document`` names the paper that decided it.
"""

from __future__ import annotations

from gongzhi.registry.corrections import change_area, change_organization, change_person
from gongzhi.registry.entries import add_code, allow_kind, relabel_code, set_code_active
from gongzhi.registry.organizations import (
    advise_organization,
    create_area,
    create_organization,
    dissolve_organization,
    merge_organizations,
    move_area,
    move_organization,
    rename_organization,
    set_coverage,
    upgrade_organization,
)
from gongzhi.registry.people import (
    admit_member,
    appoint,
    change_contact_state,
    change_stage,
    change_state,
    create_person,
    end_appointment,
    move_member,
    record_contact,
)

__all__ = [
    "add_code",
    "admit_member",
    "advise_organization",
    "allow_kind",
    "appoint",
    "change_area",
    "change_contact_state",
    "change_organization",
    "change_person",
    "change_stage",
    "change_state",
    "create_area",
    "create_organization",
    "create_person",
    "dissolve_organization",
    "end_appointment",
    "merge_organizations",
    "move_area",
    "move_member",
    "move_organization",
    "record_contact",
    "relabel_code",
    "rename_organization",
    "set_code_active",
    "set_coverage",
    "upgrade_organization",
]
