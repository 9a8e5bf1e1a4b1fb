"""Stub: to be written."""

from django.http import HttpResponse

from involvement.access import Permission, organisation_view, public_view, member_view


@public_view
def home(request):
    return HttpResponse('stub', status=501)

@public_view
def accessibility(request):
    return HttpResponse('stub', status=501)

@public_view
def privacy(request):
    return HttpResponse('stub', status=501)
