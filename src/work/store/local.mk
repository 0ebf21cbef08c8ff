# Apart from libwork: who embeds the engine needs no LMDB.

libstore_la_SOURCES = \
	%D%/store.c %D%/store.h %D%/store_internal.h \
	%D%/store_check.c %D%/store_check.h \
	%D%/store_file.c %D%/store_file.h \
	%D%/store_format.c %D%/store_format.h \
	%D%/store_lock.c %D%/store_lock.h \
	%D%/store_open.c \
	%D%/store_pending.c %D%/store_pending.h \
	%D%/store_table.c %D%/store_table.h \
	%D%/store_writer.c
libstore_la_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS)
libstore_la_LIBADD = $(LMDB_LIBS)
EXTRA_DIST += %D%/README.md %D%/may_include
