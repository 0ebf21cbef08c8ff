#!/usr/bin/env python3
"""HAProxy in front, as docs/operations.md has it: with X-Forwarded-For, and with the PROXY protocol."""

from harness import main
from proxy import CLIENT, ProxyTest, ProxyTests, configuration


class HAProxy(ProxyTest, ProxyTests):
    PROGRAM = "haproxy"
    BACKEND = ""

    def command(self, port):
        self.write("haproxy.cfg", self.changed(
            configuration("haproxy.cfg"),
            ("server local 127.0.0.1:7000", "server local 127.0.0.1:%d" % self.daemon.address[1] + self.BACKEND),
            ("bind :443 ", f"bind 127.0.0.1:{port} "),
            ("/etc/haproxy/work.example.org.pem", self.path("both.pem"))))
        return ["haproxy", "-db", "-f", "haproxy.cfg"]


class WithProxyProtocol(HAProxy):
    BACKEND = " send-proxy-v2"
    ACCESS = {"access.proxy_protocol": "true"}


class WithProxyProtocol1(WithProxyProtocol):
    BACKEND = " send-proxy"

    def test_health_checks(self):
        """They begin with a header, too."""
        self.BACKEND += " check inter 50ms"
        self.start_both()
        self.assertEqual(self.ask(CLIENT)[0], 200)
        self.assertNotIn("did not begin", self.daemon.log())


if __name__ == "__main__":
    main()
