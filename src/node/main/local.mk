bin_PROGRAMS += workpeer
workpeer_SOURCES = %D%/main.c
nodist_EXTRA_workpeer_SOURCES = cxx-linker.cxx
workpeer_CPPFLAGS = $(libnode_la_CPPFLAGS)
workpeer_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
workpeer_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
workpeer_LDADD = libnode.la libtoml.la librpc.la libwork.la
EXTRA_DIST += %D%/README.md %D%/may_include
