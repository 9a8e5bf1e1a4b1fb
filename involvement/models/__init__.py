"""An organisation's rows, one noun a file."""

from .activities import Activity, ActivityGroup, ActivityService, PieceOfWork, RunningConfirmation
from .assessments import Assessment, AssessmentLink
from .audits import Audit, AuditDocument, Conclusion, Publication, SignOff, Snapshot
from .board import Action, ActionStep, Decision, DecisionActivity, ReminderSent
from .bodies import HealthBody
from .challenges import Challenge, ChallengeStep, ReplyDue
from .classification import Classification, ConfirmedBatch, Placement
from .imports import Import
from .influence import AskedAgain, Change, ChangeFacet, Evidence, StoredFile
from .invitations import Invitation
from .many import ManyEdit, Merge, NotTheSame
from .organisations import Membership, Organisation, RequestKey, SecurityEvent, Service, User
from .responses import Aim, Complete, Response, Ruling
from .reviews import PractiseRun, ReviewRound, ReviewTask, RoundActivity, RoundReviewer
from .workshops import Card, CardOutcome, PaperCount, PaperTable, Participant, Placing, Room, Vote, Workshop

__all__ = [
    "Action",
    "ActionStep",
    "Activity",
    "ActivityGroup",
    "ActivityService",
    "Aim",
    "AskedAgain",
    "Assessment",
    "AssessmentLink",
    "Audit",
    "AuditDocument",
    "Card",
    "CardOutcome",
    "Challenge",
    "ChallengeStep",
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
    "Invitation",
    "ManyEdit",
    "Membership",
    "Merge",
    "NotTheSame",
    "Organisation",
    "PaperCount",
    "PaperTable",
    "Participant",
    "PieceOfWork",
    "Placement",
    "Placing",
    "PractiseRun",
    "Publication",
    "ReminderSent",
    "ReplyDue",
    "RequestKey",
    "Response",
    "ReviewRound",
    "ReviewTask",
    "Room",
    "RoundActivity",
    "RoundReviewer",
    "Ruling",
    "RunningConfirmation",
    "SecurityEvent",
    "Service",
    "SignOff",
    "Snapshot",
    "StoredFile",
    "User",
    "Vote",
    "Workshop",
]
