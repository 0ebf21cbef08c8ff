libnode_la_SOURCES += %D%/atto_works.c %D%/atto_works.h
EXTRA_DIST += %D%/README.md %D%/may_include
