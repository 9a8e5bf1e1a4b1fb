"""Django's admin on our activities, as anybody would set it up: for benchmarks/peer.py and nowhere else."""

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpResponse
from django.urls import path

from involvement.models import Activity


class Peer(AdminSite):
    """An admin for everybody who is signed in."""

    def has_permission(self, request) -> bool:
        return request.user.is_authenticated


class ActivityAdmin(ModelAdmin):
    """A list of 100 rows with a search and no filters, which shows what our own list shows of an activity."""

    list_display = ("title", "reference", "service", "method", "started_on", "ended_on", "stated_status")
    list_select_related = ("service",)
    list_per_page = 100
    search_fields = ("title", "description", "reference", "participants")
    has_module_permission = has_view_permission = has_change_permission = lambda self, request, record=None: True
    has_add_permission = has_delete_permission = lambda self, request, record=None: False


site = Peer()
site.register(Activity, ActivityAdmin)
urlpatterns = [path("admin/", site.urls), path("readyz", lambda request: HttpResponse("ready"))]
