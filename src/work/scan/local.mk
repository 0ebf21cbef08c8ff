libwork_la_SOURCES += \
	%D%/scan.c %D%/scan.h %D%/scan_internal.h \
	%D%/scan_portable.c %D%/scan_rounds.h %D%/scan_scalar.h \
	%D%/value.c %D%/value.h
EXTRA_DIST += %D%/NOTES.md

# Each scanner beside the portable one has the flags of its own instruction set, and no other file has them.

SCAN_CPPFLAGS =
SCAN_LIBS =

if HAVE_SCAN_AVX2
SCAN_CPPFLAGS += -DHAVE_SCAN_AVX2
SCAN_LIBS += libscan_avx2.la
noinst_LTLIBRARIES += libscan_avx2.la
libscan_avx2_la_SOURCES = %D%/scan_avx2.c
libscan_avx2_la_CPPFLAGS = $(AM_CPPFLAGS) $(SCAN_CPPFLAGS)
libscan_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
endif

if HAVE_SCAN_AVX512
SCAN_CPPFLAGS += -DHAVE_SCAN_AVX512
SCAN_LIBS += libscan_avx512.la
noinst_LTLIBRARIES += libscan_avx512.la
libscan_avx512_la_SOURCES = %D%/scan_avx512.c
libscan_avx512_la_CPPFLAGS = $(AM_CPPFLAGS) $(SCAN_CPPFLAGS)
libscan_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS)
endif

if HAVE_SCAN_NEON
SCAN_CPPFLAGS += -DHAVE_SCAN_NEON
SCAN_LIBS += libscan_neon.la
noinst_LTLIBRARIES += libscan_neon.la
libscan_neon_la_SOURCES = %D%/scan_neon.c %D%/scan_neon.h
libscan_neon_la_CPPFLAGS = $(AM_CPPFLAGS) $(SCAN_CPPFLAGS)
endif

if HAVE_SCAN_NEON_SHA3
SCAN_CPPFLAGS += -DHAVE_SCAN_NEON_SHA3
SCAN_LIBS += libscan_neon_sha3.la
noinst_LTLIBRARIES += libscan_neon_sha3.la
libscan_neon_sha3_la_SOURCES = %D%/scan_neon_sha3.c %D%/scan_neon.h
libscan_neon_sha3_la_CPPFLAGS = $(AM_CPPFLAGS) $(SCAN_CPPFLAGS)
libscan_neon_sha3_la_CFLAGS = $(AM_CFLAGS) $(NEON_SHA3_CFLAGS)
endif
EXTRA_DIST += %D%/README.md %D%/may_include
