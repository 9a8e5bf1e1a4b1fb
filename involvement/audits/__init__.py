"""Audits, read: the snapshot that is frozen, its comparison with another one, and whether it is still as it was signed."""
