"""Webhooks: other systems are told what happened, signed, and ask for more under their own rights.

``event → subscriber → one delivery for each webhook that wants it → job → POST``. A message says
what happened to which record, with ids and codes; no personal value leaves by this way.
"""
