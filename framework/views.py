"""Stub."""
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse


@login_not_required
def index(request):
    return HttpResponse("stub", status=501)


@login_not_required
def place(request, place):
    return HttpResponse("stub", status=501)


@login_not_required
def rules(request):
    return HttpResponse("stub", status=501)


@login_not_required
def cases(request):
    return HttpResponse("stub", status=501)


@login_not_required
def sources(request):
    return HttpResponse("stub", status=501)
