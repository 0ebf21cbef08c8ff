libwork_la_SOURCES += \
	%D%/ports.c %D%/ports.h \
	%D%/slices.c %D%/slices.h \
	%D%/yardstick.c %D%/yardstick.h
EXTRA_DIST += %D%/README.md %D%/may_include
