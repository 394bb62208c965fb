"""Needs something that is not installed."""

import gongzhi_no_such_module  # noqa: F401
