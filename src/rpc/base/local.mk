librpc_la_SOURCES += \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/header.c %D%/header.h \
	%D%/json.c %D%/json.h \
	%D%/memory.c %D%/memory.h \
	%D%/text.c %D%/text.h \
	%D%/trouble.c %D%/trouble.h \
	%D%/url.c %D%/url.h
EXTRA_DIST += %D%/README.md %D%/may_include
