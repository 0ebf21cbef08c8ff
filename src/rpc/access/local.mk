librpc_la_SOURCES += \
	%D%/access.c %D%/access.h \
	%D%/callers.c %D%/callers.h \
	%D%/cidr.c %D%/cidr.h \
	%D%/credentials.c %D%/credentials.h \
	%D%/forwarded.c %D%/forwarded.h \
	%D%/key_hash.c %D%/key_hash.h
EXTRA_DIST += %D%/README.md %D%/may_include
