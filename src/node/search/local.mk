libnode_la_SOURCES += \
	%D%/asking.c \
	%D%/broker.c %D%/broker.h %D%/broker_internal.h \
	%D%/forward.c %D%/forward.h \
	%D%/peers.c %D%/peers.h \
	%D%/search.c
EXTRA_DIST += %D%/README.md %D%/may_include
