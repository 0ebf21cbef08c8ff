librpc_la_SOURCES += \
	%D%/connection.c %D%/connection.h \
	%D%/connections.c %D%/connections.h \
	%D%/framing.c %D%/framing.h \
	%D%/hangup.c %D%/hangup.h \
	%D%/listener.c %D%/listener.h \
	%D%/proxy_header.c %D%/proxy_header.h \
	%D%/reply.c %D%/reply.h \
	%D%/request.c %D%/request.h \
	%D%/routes.c %D%/routes.h \
	%D%/server.c %D%/server.h
EXTRA_DIST += %D%/README.md %D%/may_include
