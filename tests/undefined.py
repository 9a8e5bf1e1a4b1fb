"""A variable that a template of ours names and nobody gave is a mistake, and fails the test that renders it.

Django would show nothing in its place. Templates of other packages may do as they like, and ``|default`` says aloud
that a value may be missing (the optional words of an included component).
"""

import sys
from pathlib import Path

from django.conf import settings
from django.template.base import FilterExpression


class UndefinedVariable(AssertionError):
    """A template used a variable that its context does not have."""


class FailOnUndefined(str):
    """Stands in for the engine's ``string_if_invalid``: empty, unless one of our own templates asks for it."""

    def __bool__(self) -> bool:
        frame = sys._getframe(1)
        expression = frame.f_locals.get("self")
        if frame.f_code.co_name != "resolve" or not isinstance(expression, FilterExpression):
            return False
        if any(function.__name__ in ("default", "default_if_none") for function, _arguments in expression.filters):
            return False
        origin = frame.f_locals["context"].template.origin.name
        if not Path(origin).is_relative_to(settings.BASE_DIR / "templates"):
            return False
        raise UndefinedVariable(f"{{{{ {expression.token} }}}} is undefined in {origin} or a template that it includes")
