libnode_la_SOURCES += \
	%D%/atto_files.h \
	%D%/atto_page.c %D%/atto_page.h \
	%D%/atto_works.c %D%/atto_works.h

# Files that the program serves, as C.

ATTO_FILES = %D%/atto_page.html %D%/atto_page.js %D%/atto_page.css %D%/atto_openapi.json
nodist_libnode_la_SOURCES += atto_files.c
atto_files.c: src/node/base/embed.sh $(ATTO_FILES)
	$(AM_V_GEN)cd $(srcdir) && $(SHELL) src/node/base/embed.sh node/atto/atto_files.h $(ATTO_FILES) >$(abs_builddir)/$@.tmp && \
	mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
CLEANFILES += atto_files.c atto_files.c.tmp
EXTRA_DIST += $(ATTO_FILES)
EXTRA_DIST += %D%/README.md %D%/may_include
