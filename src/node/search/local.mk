libnode_la_SOURCES += \
	%D%/broker.c %D%/broker.h %D%/broker_question.h \
	%D%/device_source.c %D%/device_source.h \
	%D%/peer_search.c %D%/peer_search.h \
	%D%/peer_source.c %D%/peer_source.h \
	%D%/peers.c %D%/peers.h \
	%D%/search.c %D%/search.h \
	%D%/source.h \
	%D%/waiter.c %D%/waiter.h
EXTRA_DIST += %D%/README.md %D%/may_include
