"""Keys of the plugin's tables as parameters of services."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from gongzhi.writing import Key
from gongzhi_workday.models import (
    Campaign,
    EmploymentCase,
    LiaisonAssignment,
    Visit,
    WorkdayProgramme,
    WorkdaySession,
)

ProgrammeKey: TypeAlias = Annotated[int, Key(WorkdayProgramme)]
LiaisonKey: TypeAlias = Annotated[int, Key(LiaisonAssignment)]
SessionKey: TypeAlias = Annotated[int, Key(WorkdaySession)]
CampaignKey: TypeAlias = Annotated[int, Key(Campaign)]
VisitKey: TypeAlias = Annotated[int, Key(Visit)]
CaseKey: TypeAlias = Annotated[int, Key(EmploymentCase)]
