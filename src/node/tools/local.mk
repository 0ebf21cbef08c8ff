libnode_la_SOURCES += \
	%D%/bench.c \
	%D%/bench_pool.c %D%/bench_pool.h \
	%D%/bench_report.c %D%/bench_report.h \
	%D%/bench_works.c %D%/bench_works.h \
	%D%/devices.c \
	%D%/profile.c \
	%D%/tools.h
EXTRA_DIST += %D%/README.md %D%/may_include
