librpc_la_SOURCES += \
	%D%/hops.c %D%/hops.h \
	%D%/peer.c %D%/peer.h %D%/peer_internal.h \
	%D%/peer_call.c \
	%D%/peer_cancel.c \
	%D%/peer_client.c \
	%D%/peer_judge.c \
	%D%/peer_record.c %D%/peer_record.h
EXTRA_DIST += %D%/README.md %D%/may_include
