"""Tables of the calendar of working days.

Only days that a notice names are rows: public holidays and make-up days. Every other day follows
the week, so a year nobody has entered yet still has its weekends, and all that is known, about
thirty rows a year, is read at once.
"""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class CalendarDay(Model):
    """A day that a notice names: a public holiday, or a day of the weekend that is worked 调休."""

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField(unique=True)
    is_working = fields.BooleanField()
    title = fields.CharField(max_length=100, default="")
    """The holiday, such as 春节; of a make-up day the holiday that it makes up for."""
    source = fields.CharField(max_length=200, default="")
    """The notice, by its number, or who says so."""

    class Meta(Model.Meta):
        app = "core"
        table = "core_calendar_day"


class CalendarYear(Model):
    """Whether the holidays of a year are entered in full; a year without a row is not known."""

    id = fields.BigIntField(primary_key=True)
    year = fields.SmallIntField(unique=True)
    confirmed = fields.BooleanField(default=False)
    source = fields.CharField(max_length=200, default="")
    """The notice, by its number, or who says so."""

    class Meta(Model.Meta):
        app = "core"
        table = "core_calendar_year"
