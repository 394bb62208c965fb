"""Access: who may see and do what, and where. See roles, viewer, service."""
