"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.READ)
def activity_list(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def activity_new(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.READ)
def activity_detail(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def activity_edit(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def activity_withdraw(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.ACTIVITY_EDIT)
def activity_running(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.READ)
def activity_history(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)
