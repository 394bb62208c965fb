"""Migrations of the plugin; do not edit what is released."""
