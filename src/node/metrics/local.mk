libnode_la_SOURCES += \
	%D%/exposition.c %D%/exposition.h \
	%D%/metrics.c %D%/metrics.h
EXTRA_DIST += %D%/README.md %D%/may_include
