"""Measures the server against a bare limit, naive servers and PostGraphile; see README.md."""
