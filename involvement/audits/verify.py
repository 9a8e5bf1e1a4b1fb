"""Whether an audit is still as it was frozen and signed: the digests, computed anew."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.translation import gettext as _

from involvement.actions.audits import conclusions_of, seal
from involvement.canonical import canonical, digest_of
from involvement.models import Audit


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is as it was, its digest as written and as computed."""

    what: str
    sound: bool
    written: str
    computed: str


def verify(audit: Audit) -> list[Finding]:
    """Return what was found of a frozen audit: its snapshot, what was signed, each document. [] before it is frozen."""
    if not audit.is_frozen:
        return []
    snapshot = audit.snapshot
    found = [_finding(_("snapshot"), snapshot.digest, digest_of(snapshot.content), _is_canonical(snapshot.content))]
    if audit.is_signed:
        try:
            computed = seal(snapshot, conclusions_of(audit), audit.sign_off)
        except (ValueError, KeyError, TypeError):  # the snapshot is no longer what it was, and cannot be read
            computed = ""
        found.append(_finding(_("conclusions and sign-off"), audit.sign_off.seal, computed))
    for document in audit.organisation.audit_documents.filter(audit=audit).order_by("kind"):
        name = _("document %(kind)s") % {"kind": document.kind}
        found.append(_finding(name, document.digest, digest_of(bytes(document.content))))
    return found


def _finding(what: str, written: str, computed: str, also: bool = True) -> Finding:
    return Finding(str(what), written == computed and also, written, computed)


def _is_canonical(content: str) -> bool:
    try:
        return canonical(json.loads(content)) == content
    except ValueError:
        return False
