"""An organisation's rows, one noun a file."""

from .activities import Activity, ActivityGroup, ActivityService, PieceOfWork, RunningConfirmation
from .audits import Audit, AuditDocument, Conclusion, Publication, SignOff, Snapshot
from .board import Action, ActionStep, Decision, DecisionActivity, ReminderSent
from .bodies import HealthBody
from .classification import Classification, ConfirmedBatch, Placement
from .imports import Import
from .influence import AskedAgain, Change, ChangeFacet, Evidence, StoredFile
from .invitations import Invitation
from .many import ManyEdit, Merge, NotTheSame
from .organisations import Membership, Organisation, RequestKey, SecurityEvent, Service, User
from .responses import Aim, Complete, Response, Ruling

__all__ = [
    "Action",
    "ActionStep",
    "Activity",
    "ActivityGroup",
    "ActivityService",
    "Aim",
    "Audit",
    "AuditDocument",
    "AskedAgain",
    "Change",
    "ChangeFacet",
    "Classification",
    "Complete",
    "Conclusion",
    "ConfirmedBatch",
    "Decision",
    "DecisionActivity",
    "Evidence",
    "HealthBody",
    "Import",
    "ManyEdit",
    "Invitation",
    "Membership",
    "Merge",
    "NotTheSame",
    "Organisation",
    "PieceOfWork",
    "Placement",
    "Publication",
    "ReminderSent",
    "RequestKey",
    "Response",
    "Ruling",
    "RunningConfirmation",
    "SecurityEvent",
    "Service",
    "SignOff",
    "Snapshot",
    "StoredFile",
    "User",
]
