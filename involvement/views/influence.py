"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.INFLUENCE_EDIT)
def change_new(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.INFLUENCE_EDIT)
def change_edit(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.INFLUENCE_EDIT)
def evidence_new(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@organisation_view(Permission.INFLUENCE_EDIT)
def evidence_withdraw(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)

@member_view
def stored_file(request, file_id):
    return HttpResponse('stub', status=501)
