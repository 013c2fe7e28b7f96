#!/usr/bin/env python3
"""A small HTTP server on 127.0.0.1 that misbehaves on request. Not a server for anything else.

Usage: http_server.py FOLDER. Serves FOLDER's files by their names, whatever folders are in front; writes its port to
FOLDER/port and each request as "METHOD TARGET RANGE STATUS" to FOLDER/log. The first part of the path says how:

  /good/       as a server should, with ranges
  /flat/       only /flat/FILE, 404 for anything deeper
  /norange/    always the whole file with status 200
  /cut/        half of what was asked for, then the connection ends
  /html/       a web page with status 200
  /wrong/      as many bytes, but others
  /long/       the file again and again for seconds, without saying how long; logs "closed" when nobody listens
  /missing/    404

It ends by itself after two minutes.
"""
import http.server
import os
import sys
import threading
import time

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def note(self, status):
        with open(os.path.join(folder, "log"), "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')} {status}\n")

    def send(self, status, content, headers):
        self.note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        parts = self.path.split("//", 1)[-1].split("/")[1:]  # a proxy is asked for a whole address
        mode, name = parts[0], parts[-1]
        path = os.path.join(folder, name)
        if mode == "missing" or (mode == "flat" and len(parts) > 2) or not os.path.isfile(path):
            return self.send(404, b"<html>no such file</html>", {"Content-Type": "text/html"})
        if mode == "html":
            page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
            return self.send(200, page, {"Content-Type": "text/html", "Content-Length": len(page)})
        with open(path, "rb") as file:
            content = file.read()
        if mode == "wrong":
            content = bytes(byte ^ 1 for byte in content)
        if mode == "long":
            self.send(200, content, {})
            try:
                for _ in range(200):
                    self.wfile.write(content)
                    time.sleep(0.02)
            except OSError:
                self.note("closed")
            return
        begin, status, headers = 0, 200, {"Content-Type": "application/octet-stream"}
        wanted = self.headers.get("Range")
        if wanted and mode != "norange":
            begin, status = int(wanted[len("bytes="):].split("-")[0]), 206
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        headers["Content-Length"] = len(content) - begin
        content = content[begin:]
        self.send(status, content[: len(content) // 2] if mode == "cut" else content, headers)
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
end = threading.Timer(120, lambda: os._exit(0))
end.daemon = True
end.start()
with open(os.path.join(folder, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
