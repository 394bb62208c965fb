"""The calendar of working days, and deadlines on it. See rules, service, models."""
