libnode_la_SOURCES += \
	%D%/health.c %D%/health.h \
	%D%/metrics_report.c %D%/metrics_report.h
EXTRA_DIST += %D%/README.md %D%/may_include
