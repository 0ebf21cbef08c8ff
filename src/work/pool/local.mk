libwork_la_SOURCES += \
	%D%/device.c %D%/device.h \
	%D%/device_cpu.c %D%/device_cpu.h \
	%D%/pool.c %D%/pool.h %D%/pool_internal.h \
	%D%/schedule.c \
	%D%/trial.c %D%/trial.h \
	%D%/worker.c \
	%D%/workpeer.c %D%/workpeer.h

# The engine for others.

lib_LTLIBRARIES += libworkpeer.la
include_HEADERS = %D%/workpeer.h
pkgconfig_DATA = libworkpeer.pc
libworkpeer_la_SOURCES =
libworkpeer_la_LIBADD = libwork.la
libworkpeer_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/%D%/libworkpeer.map
libworkpeer_la_DEPENDENCIES = libwork.la %D%/libworkpeer.map
EXTRA_DIST += %D%/libworkpeer.map
EXTRA_DIST += %D%/README.md %D%/may_include
