"""One file over HTTP, with the standard library: resumed where it stopped, hashed while written.

A transfer that ends early, stalls, or meets a passing fault of the server is taken up again where
it stopped. Proxies come from the environment (http_proxy, https_proxy, no_proxy).
"""

import hashlib
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from swinsr.errors import DownloadError
from swinsr.version import __version__
from swinsr.zoo.connect import connect

CHUNK = 1 << 18
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that another attempt may not meet
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
Report = Callable[[int, int | None], None]


class _Passing(Exception):
    """A fault that another attempt may not meet; its text is the end of a sentence."""


class _NoConnection(_Passing):
    """The host was not reached at all; `slow` where it took its time, and would again."""

    def __init__(self, host: str, reason: OSError) -> None:
        super().__init__(f"no connection to {host} ({reason.strerror or reason})")
        self.slow = isinstance(reason, TimeoutError)


class _Quick:
    """Of a connection: made within seconds, whatever may be waited for afterwards."""

    timeout: Any
    sock: Any

    def connect(self) -> None:
        """Connect."""
        vars(self)["_create_connection"] = connect
        try:
            super().connect()  # type: ignore[misc]
        except ssl.SSLError:
            raise  # it is there
        except OSError as error:
            raise _Unreached(error) from error
        self.sock.settimeout(self.timeout)


class _Unreached(OSError):
    """No connection; the error is its argument."""


class _Http(_Quick, http.client.HTTPConnection):
    pass


class _Https(_Quick, http.client.HTTPSConnection):
    pass


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Http, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Https, req, context=vars(self).get("_context"))


class _OnlyForward(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise DownloadError(f"{req.full_url} leads to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Transfer:
    """The bytes of one URL into one file, through as many attempts as it needs."""

    def __init__(
        self,
        url: str,
        part: Path,
        *,
        size: int | None,
        timeout: float = 30.0,
        attempts: int = 5,
        pause: float = 0.5,
        report: Report = lambda done, total: None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            url: http or https.
            part: where the bytes go; what is there already is continued.
            size: the length that is known beforehand.
            timeout: seconds without a byte until an attempt is given up.
            attempts: how many in a row may bring nothing new.
            pause: seconds before the second attempt; doubled for each further one.
            report: notified with the bytes done and in all.
        """
        self.url, self.part, self.size = url, part, size
        self.timeout, self.attempts, self.pause, self.report = timeout, attempts, pause, report
        self.opener = urllib.request.build_opener(_OnlyForward, _HttpHandler, _HttpsHandler)
        self.tag = ""  # of the version that the bytes so far belong to
        self.hash = hashlib.sha256()
        self.done = 0
        self._answered = False

    def run(self, tag: str, noted: Callable[[str], None]) -> str:
        """Fetch all of the file.

        Args:
            tag: ETag or Last-Modified of the version that `part` holds a piece of; "" for none.
            noted: called with the tag of the version, as soon as it is known.

        Returns:
            The sha256 of the file.

        Raises:
            DownloadError: it is not there, or not all of it could be fetched.
        """
        self.tag = tag
        idle = 0
        with self.part.open("ab+") as file:
            self._take_over(file)
            furthest = self.done
            if self.done and self.done == self.size:
                return self.hash.hexdigest()
            while True:
                try:
                    self._attempt(file, noted)
                    file.flush()
                    os.fsync(file.fileno())
                    return self.hash.hexdigest()
                except _Passing as fault:
                    # Getting as far as before is nothing new: some faults come again for ever.
                    idle = 0 if self.done > furthest else idle + 1
                    furthest = max(furthest, self.done)
                    if isinstance(fault, _NoConnection) and self._gives_up(fault, idle):
                        raise DownloadError(
                            f"{fault}; check the network and the proxy's settings, then try again"
                        ) from fault
                    if idle >= self.attempts:
                        raise DownloadError(f"{self.url} {fault}; try again later") from fault
                    time.sleep(self.pause * 2**idle)

    def _gives_up(self, fault: "_NoConnection", idle: int) -> bool:
        """Where nothing ever answered, the network is away: that is told within seconds."""
        return not self._answered and idle >= (1 if fault.slow else 2)

    def _take_over(self, file: BinaryIO) -> None:
        """Hash what an earlier run left, or drop it where it cannot be continued."""
        file.seek(0)
        while block := file.read(CHUNK):
            self.hash.update(block)
            self.done += len(block)
        if not self.tag or (self.size is not None and self.done > self.size):
            self._restart(file)

    def _restart(self, file: BinaryIO) -> None:
        file.truncate(0)
        self.hash, self.done, self.tag = hashlib.sha256(), 0, ""

    def _attempt(self, file: BinaryIO, noted: Callable[[str], None]) -> None:
        """One request, and all that it brings.

        Raises:
            _Passing: it did not bring all, and another one may.
        """
        headers = {"User-Agent": f"swinsr/{__version__}", "Accept-Encoding": "identity"}
        if self.done:
            headers |= {"Range": f"bytes={self.done}-", "If-Range": self.tag}
        request = urllib.request.Request(self.url, headers=headers)
        try:
            with self.opener.open(request, timeout=self.timeout) as answer:
                self._answered = True
                total = self._total(answer, file)
                tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
                # A weak tag promises the same meaning, not the same bytes.
                self.tag = "" if tag.startswith("W/") else tag
                noted(self.tag)
                self._write(answer, file, total)
        except urllib.error.HTTPError as error:
            error.close()
            self._answered = True
            if error.code == 416:  # what is there is longer than the file, or of another one
                self._restart(file)
                raise _Passing("does not have the rest of what was begun") from error
            if error.code in PASSING:
                raise _Passing(f"answers {error.code} ({error.reason})") from error
            raise DownloadError(f"{self.url} answers {error.code} ({error.reason})") from error
        except (urllib.error.URLError, TimeoutError, ConnectionError, ssl.SSLError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, _Unreached):
                host = urllib.parse.urlsplit(self.url).hostname
                raise _NoConnection(str(host), reason.args[0]) from error
            stalled = isinstance(reason, TimeoutError)
            what = f"sent nothing for {self.timeout:g} s" if stalled else f"broke off ({reason})"
            raise _Passing(what) from error
        except http.client.HTTPException as error:
            raise _Passing(f"broke off ({type(error).__name__})") from error
        if not self.tag and total is not None and self.done < total:
            self._restart(file)  # nothing tells whether the next answer is the same file
            raise _Passing("ended early")
        if total is not None and self.done < total:
            raise _Passing(f"ended early, after {self.done:,} of {total:,} bytes")

    def _total(self, answer: Any, file: BinaryIO) -> int | None:
        """The whole file's length as this answer states it; prepares for where it begins.

        Raises:
            DownloadError: the length is not the known one, or nothing tells where the file ends.
        """
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise DownloadError(f"{self.url} sends a recoded file; try another mirror")
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if answer.status == 206:
            match = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if match is None or int(match[1]) != self.done:
                self._restart(file)
                raise _Passing("sends another part than the one asked for")
            total = int(match[3]) if match[3] != "*" else None
        elif self.done:
            self._restart(file)  # another version, or a server that cannot resume
        chunked = answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if total is None and self.size is None and not chunked:
            raise DownloadError(
                f"{self.url} does not say how long the file is, so a part could not be told from "
                "the whole; try another mirror"
            )
        if total is not None and self.size is not None and total != self.size:
            raise DownloadError(
                f"{self.url} offers {total:,} bytes where {self.size:,} are published; it is "
                "another file"
            )
        return self.size if total is None else total

    def _write(self, answer: Any, file: BinaryIO, total: int | None) -> None:
        while block := answer.read1(CHUNK):
            if total is not None and self.done + len(block) > total:
                raise DownloadError(f"{self.url} sends more than the {total:,} bytes announced")
            file.write(block)
            self.hash.update(block)
            self.done += len(block)
            self.report(self.done, total)
