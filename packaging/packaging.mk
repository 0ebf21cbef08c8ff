# What operators need, as it goes into a release, and the check of it that `make check` runs.

PACKAGING = \
	.dockerignore \
	debian/changelog debian/control debian/copyright debian/rules debian/source/format \
	debian/libworkpeer-dev.examples debian/libworkpeer-dev.install debian/libworkpeer0.install debian/libworkpeer0.symbols \
	debian/workpeer.examples debian/workpeer.install debian/workpeer.links debian/workpeer.postinst \
	debian/workpeer.postrm debian/workpeer.prerm \
	packaging/completion/workpeer.bash \
	packaging/docker/Dockerfile packaging/docker/Dockerfile.rocm packaging/docker/compose.yaml \
	packaging/docker/compose.config.yaml packaging/docker/compose.gpu.yaml \
	packaging/kubernetes/cpu.yaml packaging/kubernetes/gpu.yaml \
	packaging/grafana/dashboard.json packaging/prometheus/alerts.yml \
	packaging/logrotate/workpeer \
	packaging/chroots.sh packaging/test-debian.sh packaging/test-systemd.sh packaging/test-systemd-guest.sh \
	packaging/systemd/cpu-only.conf packaging/systemd/workpeer.service packaging/systemd/workpeer.socket
EXTRA_DIST += $(PACKAGING)
SCRIPT_TESTS += tests/checks/packaging.py
