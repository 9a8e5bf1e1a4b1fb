"""The settings under test, made quick and made to forget nothing. DATABASE_URL is honoured; without one, SQLite."""

from involvement.settings import *  # noqa: F403
from involvement.settings import BASE_DIR, MIDDLEWARE

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {  # emptied before each test
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
    for name in ("default", "pages")
}
MEDIA_ROOT = BASE_DIR / ".dev" / "test-media"  # tests that write files are handed a folder of their own
KEEP_MAP_SECONDS = 0  # tests write rows directly too; what is kept has tests of its own
KEEP_ROOM_SECONDS = 0
KEEP_PAGES_SECONDS = 0
MIDDLEWARE = ["tests.application_role.middleware", *MIDDLEWARE]
LETTERS_WAIT = True  # a letter has been sent when the answer is there
