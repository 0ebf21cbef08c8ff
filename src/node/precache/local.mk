libnode_la_SOURCES += \
	%D%/frontiers.c %D%/frontiers.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/precache.c %D%/precache.h %D%/precache_internal.h \
	%D%/precache_search.c \
	%D%/roster.c %D%/roster.h
EXTRA_DIST += %D%/README.md %D%/may_include
