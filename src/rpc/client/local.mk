librpc_la_SOURCES += \
	%D%/dial.c %D%/dial.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/fetch.c %D%/fetch.h \
	%D%/http_answer.c %D%/http_answer.h \
	%D%/http_request.c %D%/http_request.h \
	%D%/resolver.c %D%/resolver.h
EXTRA_DIST += %D%/README.md %D%/may_include
