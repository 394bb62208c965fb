"""Keys of the registry's tables as parameters of services."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from gongzhi.references import AnyKey, Key
from gongzhi.registry.models import Area, Member, Organization, Person

OrganizationKey: TypeAlias = Annotated[int, Key(Organization)]
AreaKey: TypeAlias = Annotated[int, Key(Area)]
PersonKey: TypeAlias = Annotated[int, Key(Person)]
MemberKey: TypeAlias = Annotated[int, Key(Member)]
GlobalId: TypeAlias = Annotated[str, AnyKey()]
