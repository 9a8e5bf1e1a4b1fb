"""Evidence files: what kinds are taken (by their content, never by their name), and who may have one back."""

from __future__ import annotations

import io
import zipfile
from uuid import UUID

from django.http import Http404

from involvement.access import Permission, viewer_for
from involvement.models import StoredFile, User
from involvement.tenancy import everywhere

LARGEST = 10 * 1024 * 1024  # bytes
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
}


def content_type_of(content: bytes) -> str | None:
    """Return the media type of a PDF, PNG, JPEG, Office or OpenDocument file, found from its bytes; else None.

    Office files with macros are not taken. Only names inside an archive are read, nothing is unpacked but the 80
    bytes of an OpenDocument's ``mimetype``.
    """
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                return None
            for member, media_type in _OFFICE.items():
                if member in names and "[Content_Types].xml" in names:
                    return media_type
            if "mimetype" in names and archive.getinfo("mimetype").file_size <= 80:
                said = archive.read("mimetype").decode("ascii", "replace")
                return said if said in _OPEN_DOCUMENT else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    return None


def stored_file_for(user: User, file_id: UUID) -> StoredFile:
    """Return the file when ``user`` is a member of its organisation; Http404 to everybody else."""
    with everywhere():  # the address does not say whose it is
        stored = StoredFile.objects.select_related("organisation").filter(pk=file_id).first()
    if stored is None:
        raise Http404
    viewer_for(user, stored.organisation.slug).require(Permission.READ)
    return stored
