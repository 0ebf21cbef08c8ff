libnode_la_SOURCES += \
	%D%/descriptors.c %D%/descriptors.h \
	%D%/gate.c %D%/gate.h \
	%D%/node.c %D%/node.h %D%/node_internal.h \
	%D%/node_process.c \
	%D%/node_reload.c \
	%D%/reload.c %D%/reload.h
EXTRA_DIST += %D%/README.md %D%/may_include
