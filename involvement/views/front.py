"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@organisation_view(Permission.READ)
def front_page(request, organisation, *args, **kwargs):
    return HttpResponse('stub', status=501)
