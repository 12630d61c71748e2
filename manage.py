#!/usr/bin/env python
"""Runs the administrative commands of PALACE-3."""

import os
import sys


def main() -> None:
    """The command named on the command line has run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
