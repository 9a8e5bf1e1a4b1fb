"""Many people with browsers of their own, on asyncio and the standard library: each keeps its cookies and its token."""

import asyncio
import gzip
import re
import ssl
from urllib.parse import urlencode

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')


class Browser:
    """One person's browser: cookies by name, the token of the last page, and what was asked and how long it took."""

    def __init__(self, port: int, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
        self.port, self.host, self.tls, self.cookies, self.token = port, host, tls, {}, ""

    async def ask(self, method: str, path: str, form: dict | None = None, file: bytes = b"", **headers: str):
        """Ask once over a new connection, a form with its fields or with one ``file``; return (status, headers, body).

        The headers' names come in small letters. Raises OSError or asyncio.IncompleteReadError where there is no whole
        answer.
        """
        kind, body = "application/x-www-form-urlencoded", b""
        if file:
            kind, body = "multipart/form-data; boundary=-", _parts({"csrfmiddlewaretoken": self.token}, file)
        elif form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.token}).encode()
        sent = {
            "Host": self.host, "Connection": "close", "Accept-Encoding": "gzip",
            "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": f"https://{self.host}", "Referer": f"https://{self.host}{path}", **headers,
        }  # fmt: skip
        if body:
            sent |= {"Content-Type": kind, "Content-Length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value), "", ""]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
        try:
            writer.write("\r\n".join(lines).encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            answer = await reader.read()
        finally:
            writer.close()
        got: dict[str, str] = {}
        for line in head.split("\r\n")[1:]:
            name, colon, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _equals, said = value.partition("=")
                self.cookies[cookie] = said.partition(";")[0]
            elif colon:
                got[name.lower()] = value
        if len(answer) < int(got.get("content-length", 0)):
            raise asyncio.IncompleteReadError(answer, int(got["content-length"]))
        if got.get("content-encoding") == "gzip":
            answer = gzip.decompress(answer)
        found = TOKEN.search(answer)
        if found:
            self.token = found[1].decode()
        return int(head[9:12]), got, answer


def _parts(fields: dict[str, str], file: bytes) -> bytes:
    """Return a form's fields and its ``file`` as a browser sends them, with "-" between the parts."""
    named = "\r\n".join(
        f'---\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()
    )
    head = '---\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return f"{named}\r\n{head}".encode() + file + b"\r\n-----\r\n"
