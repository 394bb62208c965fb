"""The query engine: documents, limits, the planner, execution."""
