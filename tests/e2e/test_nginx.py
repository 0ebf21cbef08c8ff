#!/usr/bin/env python3
"""nginx in front, as docs/operations.md has it."""

import re
import subprocess

from harness import main
from proxy import ProxyTest, ProxyTests, configuration

# What surrounds the page's file, with all paths in the test's directory.
AROUND = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    %s
    include workpeer.conf;
}
"""


class Nginx(ProxyTest, ProxyTests):
    PROGRAM = "nginx"

    def command(self, port):
        self.write("workpeer.conf", self.changed(
            configuration("workpeer.conf"),
            ("server 127.0.0.1:7000;", "server 127.0.0.1:%d;" % self.daemon.address[1]),
            ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
            ("/etc/letsencrypt/live/work.example.org/fullchain.pem", self.path("cert.pem")),
            ("/etc/letsencrypt/live/work.example.org/privkey.pem", self.path("key.pem"))))
        built = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=True,
                               env={"PATH": "/usr/bin:/usr/sbin"}).stderr
        temporary = re.findall(r"--http-([a-z-]+-temp)-path", built)
        paths = " ".join(f"{name.replace('-', '_')}_path {name};" for name in temporary)
        self.write("nginx.conf", AROUND % paths)
        return ["nginx", "-p", self.directory, "-c", self.path("nginx.conf"), "-e", "stderr"]


if __name__ == "__main__":
    main()
