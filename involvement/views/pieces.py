"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.READ)
def piece_list(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def piece_new(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.READ)
def piece_detail(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def piece_edit(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def piece_whole(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)
