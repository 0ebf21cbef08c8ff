libnode_la_SOURCES += \
	%D%/web.c %D%/web.h \
	%D%/web_files.h \
	%D%/web_history.c %D%/web_history.h \
	%D%/web_page.c %D%/web_page.h \
	%D%/web_state.c %D%/web_state.h \
	%D%/web_table.c %D%/web_table.h

# Files that the program serves, as C.

WEB_FILES = %D%/page.html %D%/page.js %D%/page.css %D%/atto_page.html %D%/atto_page.js %D%/atto_openapi.json
nodist_libnode_la_SOURCES += web_files.c
web_files.c: src/node/base/embed.sh $(WEB_FILES)
	$(AM_V_GEN)cd $(srcdir) && $(SHELL) src/node/base/embed.sh node/web/web_files.h $(WEB_FILES) >$(abs_builddir)/$@.tmp && \
	mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
CLEANFILES += web_files.c web_files.c.tmp
EXTRA_DIST += $(WEB_FILES)
EXTRA_DIST += %D%/README.md %D%/may_include
