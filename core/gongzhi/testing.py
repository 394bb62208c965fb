"""The test kit for plugin authors, a pytest plugin: see ``docs/plugins/testing.md``.

Nothing of the product is imported at module level: a coverage run would miss its import lines.
"""

from __future__ import annotations
