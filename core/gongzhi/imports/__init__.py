"""Imports from CSV and Excel: read, check, compare, apply in one transaction, undo.

A plugin declares an :class:`~gongzhi.imports.spec.ImportSpec` and returns it by the hook
``register_imports``; everything else is here.
"""
