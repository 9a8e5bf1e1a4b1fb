"""The smallest real Django page, in the process model of the app: what the cost of every page is counted in."""

from django.conf import settings

settings.configure(
    SECRET_KEY="nothing is signed with it",  # noqa: S106
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, DATABASES={},
    LOGGING_CONFIG=None,
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)  # fmt: skip

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

urlpatterns = [path("hello/", lambda request: HttpResponse("hello"))]
application = get_wsgi_application()
