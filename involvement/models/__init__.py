"""An organisation's rows, one noun a file."""

from .activities import Activity, ActivityGroup, ActivityService, PieceOfWork, RunningConfirmation
from .classification import Classification, ConfirmedBatch, Placement
from .influence import Change, ChangeFacet, Evidence, StoredFile
from .organisations import Membership, Organisation, RequestKey, SecurityEvent, Service, User
from .responses import Aim, Complete, Response, Ruling

__all__ = [
    "Activity",
    "ActivityGroup",
    "ActivityService",
    "Aim",
    "Change",
    "ChangeFacet",
    "Classification",
    "Complete",
    "ConfirmedBatch",
    "Evidence",
    "Membership",
    "Organisation",
    "PieceOfWork",
    "Placement",
    "RequestKey",
    "Response",
    "Ruling",
    "RunningConfirmation",
    "SecurityEvent",
    "Service",
    "StoredFile",
    "User",
]
