librpc_la_SOURCES += \
	%D%/dial.c %D%/dial.h \
	%D%/http_answer.c %D%/http_answer.h \
	%D%/http_call.c %D%/http_call.h \
	%D%/http_kept.c %D%/http_kept.h \
	%D%/resolver.c %D%/resolver.h \
	%D%/tls.h
if HAVE_TLS
librpc_la_SOURCES += %D%/tls.c
else
librpc_la_SOURCES += %D%/tls_none.c
endif
EXTRA_DIST += %D%/README.md %D%/may_include
