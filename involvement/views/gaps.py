"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.READ)
def gap_list(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.READ)
def gap_respond(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.READ)
def response_end(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)
