libwork_la_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/atto.c %D%/atto.h \
	%D%/child.c %D%/child.h \
	%D%/clock.h \
	%D%/cpus.c %D%/cpus.h \
	%D%/difficulty.c %D%/difficulty.h \
	%D%/directory.c %D%/directory.h \
	%D%/hex.c %D%/hex.h \
	%D%/number.c %D%/number.h \
	%D%/queue.c %D%/queue.h \
	%D%/random.h \
	%D%/sample.c %D%/sample.h \
	%D%/thread.c %D%/thread.h
EXTRA_DIST += %D%/README.md %D%/may_include
