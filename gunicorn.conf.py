"""How the production server runs: ``gunicorn involvement.wsgi`` reads this file by itself."""

import os

from gunicorn.workers.gthread import ThreadWorker


class GentleWorker(ThreadWorker):
    """Answers whoever has knocked before it stops. gunicorn's own lets their connections wait, and then drops them.

    A proxy does not send a form again that was dropped, and should not. Once nobody waits the door is shut, so that
    the proxy is refused, and goes to the other process with what it has not sent yet.
    """

    def set_accept_enabled(self, enabled):
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for door in self.sockets:
            inside = -1
            while inside != self.nr_conns:
                inside = self.nr_conns
                self.accept(door)
            door.close()


bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = GentleWorker
threads = 4
timeout = 60
keepalive = 5  # longer than a phone in a room waits before it asks again; else its question crosses our good-bye
graceful_timeout = 30
# Lines for requests come from involvement.logs, which names nobody; gunicorn's own would print addresses.
accesslog = None
errorlog = "-"
control_socket_disable = True  # nobody steers it while it runs
