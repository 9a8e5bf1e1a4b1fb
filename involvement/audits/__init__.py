"""Audits, read: the snapshot that is frozen, two of them compared, and whether one is still as it was signed."""
