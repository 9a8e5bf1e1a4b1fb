"""How the production server runs: ``gunicorn involvement.wsgi`` reads this file by itself."""

import os

bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 30
# Lines for requests come from involvement.logs, which names nobody; gunicorn's own would print addresses.
accesslog = None
errorlog = "-"
control_socket_disable = True  # nobody steers it while it runs
