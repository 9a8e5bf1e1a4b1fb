"""Every address, in two lists: what stands alone, and what belongs to one organisation.

Addresses are a contract (README, "Addresses"): do not change one without saying so there.
"""

from django.urls import include, path

from framework import views as framework
from involvement.views import (
    activities,
    aims,
    classify,
    complete,
    confirm,
    front,
    gaps,
    health,
    home,
    imports,
    influence,
    map,
    pieces,
    services,
)

organisation_urls = [
    path("", front.front_page, name="front-page"),
    path("map/", map.map_page, name="map"),
    path("map.json", map.map_json, name="map-json"),
    path("map.csv", map.map_csv, name="map-csv"),
    path("activities/", activities.activity_list, name="activity-list"),
    path("activities/new/", activities.activity_new, name="activity-new"),
    path("activities/import/", imports.activity_import, name="activity-import"),
    path("activities/confirm/", confirm.confirm, name="activity-confirm"),
    path("activities/confirm/<int:batch>/", confirm.confirmed, name="activity-confirmed"),
    path("activities/<int:activity>/", activities.activity_detail, name="activity-detail"),
    path("activities/<int:activity>/edit/", activities.activity_edit, name="activity-edit"),
    path("activities/<int:activity>/withdraw/", activities.activity_withdraw, name="activity-withdraw"),
    path("activities/<int:activity>/running/", activities.activity_running, name="activity-running"),
    path("activities/<int:activity>/history/", activities.activity_history, name="activity-history"),
    path("activities/<int:activity>/classify/", classify.classify, name="activity-classify"),
    path("activities/<int:activity>/changes/new/", influence.change_new, name="change-new"),
    path("changes/<int:change>/edit/", influence.change_edit, name="change-edit"),
    path("changes/<int:change>/evidence/new/", influence.evidence_new, name="evidence-new"),
    path("evidence/<int:evidence>/withdraw/", influence.evidence_withdraw, name="evidence-withdraw"),
    path("pieces/", pieces.piece_list, name="piece-list"),
    path("pieces/new/", pieces.piece_new, name="piece-new"),
    path("pieces/<int:piece>/", pieces.piece_detail, name="piece-detail"),
    path("pieces/<int:piece>/edit/", pieces.piece_edit, name="piece-edit"),
    path("pieces/<int:piece>/whole/", pieces.piece_whole, name="piece-whole"),
    path("gaps/", gaps.gap_list, name="gap-list"),
    path("gaps/respond/", gaps.gap_respond, name="gap-respond"),
    path("responses/<int:response>/end/", gaps.response_end, name="response-end"),
    path("complete/", complete.complete_page, name="complete"),
    path("complete/new/", complete.complete_state, name="complete-state"),
    path("complete/<int:statement>/revoke/", complete.complete_revoke, name="complete-revoke"),
    path("aims/", aims.aim_page, name="aims"),
    path("services/", services.service_page, name="services"),
    path("services/<int:service>/edit/", services.service_edit, name="service-edit"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("privacy/", home.privacy, name="privacy"),
    path("framework/", framework.index, name="framework"),
    path("framework/rules/", framework.rules, name="framework-rules"),
    path("framework/cases/", framework.cases, name="framework-cases"),
    path("framework/sources/", framework.sources, name="framework-sources"),
    path("framework/<slug:place>/", framework.place, name="framework-place"),
    path("accounts/email/", home.email_address, name="account_email"),  # in place of allauth's: see the view
    path("accounts/", include("allauth.account.urls")),
    path("files/<uuid:file_id>/", influence.stored_file, name="stored-file"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("o/<slug:org>/", include(organisation_urls)),
]
