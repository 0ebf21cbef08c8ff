#!/usr/bin/env python3
"""Caddy in front, as docs/operations.md has it."""

from harness import main
from proxy import ProxyTest, ProxyTests, configuration

# It is not to ask anybody for a certificate, nor to listen elsewhere.
OPTIONS = """{
    admin off
    auto_https off
}
"""


class Caddy(ProxyTest, ProxyTests):
    PROGRAM = "caddy"

    def command(self, port):
        site = self.changed(
            configuration("Caddyfile"),
            ("work.example.org {", f"https://localhost:{port} {{\n    bind 127.0.0.1\n    tls cert.pem key.pem"),
            ("127.0.0.1:7000", "127.0.0.1:%d" % self.daemon.address[1]))
        self.write("Caddyfile", OPTIONS + site)
        return ["caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"]


if __name__ == "__main__":
    main()
