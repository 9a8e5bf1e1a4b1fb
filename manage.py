#!/usr/bin/env python3
"""Django's command line for Involvement Map. `python3 dev.py manage …` runs it inside the project's environment."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
