"""Which passwords are too easy: long ones are good, whatever they are made of, but not a known one with a tail."""

import re

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
LOOKS = str.maketrans("013457@$!", "oieastasi")  # what people put in place of a letter


class CommonPasswordValidator(password_validation.CommonPasswordValidator):
    """Refuse what is among Django's 20,000 common passwords, also with figures and signs put before or behind it.

    Most of that list is shorter than what we ask for, so it is the core that is looked up: "Liverpool2026!!" is
    "liverpool". Figures alone (a telephone number, a day), a row of the keyboard, and a short piece written again and
    again ("abcabcabcabc") are refused too. Nothing is asked of the network.
    """

    def validate(self, password, user=None):
        """Raise ValidationError for a password that guessers try first."""
        plain = password.lower().strip()
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        known = {plain, core, core.translate(LOOKS), plain.translate(LOOKS)} & self.passwords
        in_a_row = any(plain in row or plain[::-1] in row for row in ROWS)
        if known or in_a_row or plain.isdigit() or re.fullmatch(r"(.{1,5}?)\1{2,}.{0,4}", plain) or len(set(plain)) < 5:
            raise ValidationError(
                _("This password is easy to guess. Choose three words that do not belong together"),
                code="password_too_common",
            )

    def get_help_text(self):
        return _("Not a password that many people use.")
