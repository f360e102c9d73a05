#!/usr/bin/env python3
"""A server for the examples: it says its instance id, and finishes what it has begun when it is asked to stop."""

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"Hello from {os.environ.get('DROVER_INSTANCE_ID', 'nobody')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
Server((os.environ.get("ADDRESS", "127.0.0.1"), int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
