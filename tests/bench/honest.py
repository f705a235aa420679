"""`python honest.py PORT STATUS ANSWER`: a server of a few lines that answers every POST with the same."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Honest(BaseHTTPRequestHandler):
    """Says what it was told to say."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Reads the whole body first, as servers do."""
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = sys.argv[3].encode()
        self.send_response(int(sys.argv[2]))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing else."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Honest).serve_forever()
