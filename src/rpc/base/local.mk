librpc_la_SOURCES += \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/fault.c %D%/fault.h \
	%D%/header.c %D%/header.h \
	%D%/json.c %D%/json.h \
	%D%/memory.c %D%/memory.h \
	%D%/rpc_log.c %D%/rpc_log.h \
	%D%/text.c %D%/text.h \
	%D%/url.c %D%/url.h
EXTRA_DIST += %D%/README.md %D%/may_include
