"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.READ)
def complete_page(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.COMPLETE_STATE)
def complete_state(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.COMPLETE_STATE)
def complete_revoke(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)
