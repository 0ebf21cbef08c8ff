libnode_la_SOURCES += \
	%D%/account_chain.c %D%/account_chain.h \
	%D%/frontiers.c %D%/frontiers.h \
	%D%/precache.c %D%/precache.h %D%/precache_internal.h \
	%D%/precache_owner.c %D%/precache_owner.h \
	%D%/precache_search.c
EXTRA_DIST += %D%/README.md %D%/may_include
